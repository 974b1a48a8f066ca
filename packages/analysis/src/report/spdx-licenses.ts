/** Licences of an SPDX document: expressions, and the texts that are not on the license list. */
import { createHash } from 'node:crypto';

import { readLicenseExpression } from './license-expression.ts';
import { escapeInvisible } from '@lazaret/protocol';

export const noAssertion = 'NOASSERTION';

interface ExtractedLicense {
  readonly licenseId: string;
  readonly extractedText: string;
  readonly name: string;
}

export interface SpdxLicenses {
  /** One valid expression for all licences that a package declares; they all apply. */
  declare(texts: readonly string[]): string;
  /** The text of each generated `LicenseRef-`. */
  extracted(): readonly ExtractedLicense[];
}

export function createSpdxLicenses(): SpdxLicenses {
  const byId = new Map<string, ExtractedLicense>();
  function toExpression(text: string): string {
    const known = readLicenseExpression(text);
    // a custom reference of the package has no text in this document
    if (known !== undefined && !known.includes('LicenseRef-')) return known;
    const licenseId = nameLicense(text);
    byId.set(licenseId, { licenseId, extractedText: text, name: escapeInvisible(text) });
    return licenseId;
  }
  return {
    declare(texts) {
      const parts = [...new Set(texts.map(toExpression))];
      if (parts.length === 0) return noAssertion;
      if (parts.length === 1) return parts[0] ?? noAssertion;
      return parts.map((part) => (/\sOR\s/.test(part) ? `(${part})` : part)).join(' AND ');
    },
    extracted: () => [...byId.values()],
  };
}

/** The digest distinguishes texts that are equal in letters, digits, dots and hyphens. */
function nameLicense(text: string): string {
  const slug = text.replaceAll(/[^A-Za-z0-9.-]+/g, '-').replaceAll(/^-+|-+$/g, '');
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return `LicenseRef-${[slug.slice(0, 48), digest].filter((part) => part !== '').join('-')}`;
}
