/** Joins findings of the same content: a secret in three copies of a file is one secret. */
import type { PlacedFinding } from '@lazaret/protocol';

export interface FindingGroup {
  readonly finding: PlacedFinding;
  /** The same finding at other paths or in other layers. */
  readonly others: readonly PlacedFinding[];
}

/** In the order of the list. */
export function groupFindings(findings: readonly PlacedFinding[]): FindingGroup[] {
  const groups = new Map<string, { finding: PlacedFinding; others: PlacedFinding[] }>();
  findings.forEach((finding, index) => {
    const key = contentKey(finding) ?? String(index);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { finding, others: [] });
    else known.others.push(finding);
  });
  return [...groups.values()];
}

/** The key of a finding independent of its location; undefined if it is not about a content. */
function contentKey({ scanner, rule, sha256, line, offset, purl }: PlacedFinding) {
  if (sha256 === undefined) return undefined;
  return JSON.stringify([scanner, rule, sha256, line, offset, purl]);
}
