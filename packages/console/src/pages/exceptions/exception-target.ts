/** What a new exception would accept, from a finding or from the evidence of a decision. */
import type { PlacedFinding } from '@lazaret/protocol';

import type { TargetFields } from './search.ts';

/** The narrowest target that still covers the finding in later versions of the image. */
export function targetOfFinding(finding: PlacedFinding): TargetFields {
  const { class: kind, rule, purl, path } = finding;
  return about({ isVulnerability: kind === 'vulnerability', rule, purl, path });
}

/**
 * From an element of the evidence of a rule, which is untrusted JSON; undefined if exceptions
 * cannot be about it.
 */
export function targetOfEvidence(from: string, item: unknown): TargetFields | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  const fields = item as Readonly<Record<string, unknown>>;
  const text = (name: string): string | undefined => {
    const value = fields[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const [purl, path] = [text('purl'), text('path')];
  if (from === 'packages') return purl === undefined ? undefined : { package: purl };
  const isVulnerability = from === 'vulnerabilities' || text('class') === 'vulnerability';
  const rule = from === 'vulnerabilities' ? text('id') : text('rule');
  if (from === 'vulnerabilities' || from === 'findings') {
    return rule === undefined ? undefined : about({ isVulnerability, rule, purl, path });
  }
  return path === undefined ? undefined : { path };
}

interface About {
  readonly isVulnerability: boolean;
  readonly rule: string;
  readonly purl: string | undefined;
  readonly path: string | undefined;
}

function about({ isVulnerability, rule, purl, path }: About): TargetFields {
  const inPackage = purl?.startsWith('pkg:') === true ? { package: purl } : {};
  if (isVulnerability) return { vulnerability: rule, ...inPackage };
  return { signature: rule, ...(path === undefined ? inPackage : { path }) };
}
