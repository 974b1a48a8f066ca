/** Licences of an SPDX document: expressions, and the texts that the license list does not know. */
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
  /** One valid expression for all the texts that a package declares; they all apply. */
  declare(texts: readonly string[]): string;
  /** What stands behind each `LicenseRef-` that was given out. */
  extracted(): readonly ExtractedLicense[];
}

export function createSpdxLicenses(): SpdxLicenses {
  const byId = new Map<string, ExtractedLicense>();
  function toExpression(text: string): string {
    const known = readLicenseExpression(text);
    // a reference of the package's own has no text in this document
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

/** The digest keeps apart what looks alike when only letters, digits, dots and hyphens are left. */
function nameLicense(text: string): string {
  const slug = text.replaceAll(/[^A-Za-z0-9.-]+/g, '-').replaceAll(/^-+|-+$/g, '');
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return `LicenseRef-${[slug.slice(0, 48), digest].filter((part) => part !== '').join('-')}`;
}
