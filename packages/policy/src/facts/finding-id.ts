import type { PlacedFinding } from '@lazaret/protocol';

type Identified = Pick<PlacedFinding, 'scanner' | 'rule' | 'sha256' | 'purl' | 'path'>;

/**
 * The ID of a finding in policies: `clamav:Eicar-Test@sha256:275a...`, `vulnerabilities:CVE-2024-1@
 * pkg:deb/openssl@3.0.1`, `secrets:private-key@etc/key.pem`. The same content found elsewhere has
 * the same ID, other content at the same path does not; what the image decides comes last.
 */
export function findingId({ scanner, rule, sha256, purl, path }: Identified): string {
  const subject = purl ?? (sha256 === undefined ? (path ?? 'image') : `sha256:${sha256}`);
  return `${scanner}:${rule}@${subject}`;
}
