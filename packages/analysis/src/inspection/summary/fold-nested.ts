/**
 * Folds findings of the same malware or secret at several nesting levels: in an archive, in an
 * inner archive, in the file itself. The innermost finding is kept and lists the outer ones. Pure.
 *
 * An outer match is separate unless an inner match explains it. clamd unpacks archives itself and
 * finds in an archive what it finds in a member. A rule or a secret matched the raw bytes of the
 * archive: only an archive that stores its members uncompressed can have it from them, and only as
 * often, and with the same evidence, as the members.
 */

import { scanLimits } from '../../scan/limits.ts';
import type { PlacedRecords } from './place-records.ts';

type Found = PlacedRecords['findings'][number];

/** Archives that store their members uncompressed. */
const plainContainers: ReadonlySet<string> = new Set(['tar', 'ar', 'deb', 'cpio']);
const unpacksItself = 'clamav';
const readsBytes: ReadonlySet<string> = new Set(['yara', 'secrets']);
const inside = '!/';

export function foldNested({
  findings,
  members,
}: Pick<PlacedRecords, 'findings' | 'members'>): readonly Found[] {
  const groups = groupByRule(findings);
  if (groups.length === 0) return findings;
  const kinds = new Map(members.map(({ layer, value }) => [at(layer, value.path), value.kind]));
  const folded = new Set<Found>();
  const notes = new Map<Found, string[]>();
  for (const byPath of groups) {
    const inners = innersOf(byPath);
    // The deepest first: a folded finding explains no others.
    const outers = [...inners.keys()].toSorted((a, b) => b.length - a.length);
    for (const path of outers) {
      const outer = byPath.get(path) ?? [];
      const others = (inners.get(path) ?? []).filter((each) => !folded.has(each));
      if (!isExplained(outer, others, kinds)) continue;
      for (const each of outer) folded.add(each);
      for (const each of others) notes.set(each, [...(notes.get(each) ?? []), path]);
    }
  }
  return findings
    .filter((each) => !folded.has(each))
    .map((each) => withOuterPaths(each, notes.get(each)));
}

type ByPath = ReadonlyMap<string, readonly Found[]>;

/** Findings of a rule by layer and path; only where some are nested. */
function groupByRule(findings: readonly Found[]): ByPath[] {
  const groups = new Map<string, Map<string, Found[]>>();
  for (const found of findings) {
    const { scanner, layer, hiddenBy, value } = found;
    if (scanner !== unpacksItself && !readsBytes.has(scanner)) continue;
    const key = JSON.stringify([scanner, value.rule, layer, hiddenBy ?? null]);
    const group = groups.get(key) ?? new Map<string, Found[]>();
    const path = value.path ?? '';
    const list = group.get(path);
    if (list === undefined) group.set(path, [found]);
    else list.push(found);
    groups.set(key, group);
  }
  const isNested = (group: ByPath): boolean =>
    [...group.keys()].some((path) => path.includes(inside));
  return [...groups.values()].filter((group) => group.size > 1 && isNested(group));
}

/** All inner findings by the path of the outer one. */
function innersOf(byPath: ByPath): ReadonlyMap<string, Found[]> {
  const inners = new Map<string, Found[]>();
  for (const [path, list] of byPath) {
    for (let end = path.indexOf(inside); end >= 0; end = path.indexOf(inside, end + 1)) {
      const outer = path.slice(0, end);
      if (!byPath.has(outer)) continue;
      const known = inners.get(outer);
      if (known === undefined) inners.set(outer, [...list]);
      else known.push(...list);
    }
  }
  return inners;
}

function isExplained(
  outer: readonly Found[],
  inners: readonly Found[],
  kinds: ReadonlyMap<string, string>,
): boolean {
  const [first] = outer;
  if (first === undefined || inners.length === 0) return false;
  if (first.scanner === unpacksItself) return true;
  const { layer, value, file } = first;
  const kind = kinds.get(at(layer, value.path ?? '')) ?? file?.kind ?? '';
  if (!plainContainers.has(kind)) return false;
  const seen = countEvidence(inners);
  const needed = countEvidence(outer);
  return (
    outer.every(hasWholeEvidence) &&
    [...needed].every(([evidence, count]) => (seen.get(evidence) ?? 0) >= count)
  );
}

/**
 * Whether all evidence is known: rules without strings match something else, and long lists are
 * truncated.
 */
function hasWholeEvidence(found: Found): boolean {
  const { length } = evidenceOf(found);
  return length > 0 && length < scanLimits.yaraEvidenceStrings;
}

function countEvidence(found: readonly Found[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const each of found.flatMap(evidenceOf)) counts.set(each, (counts.get(each) ?? 0) + 1);
  return counts;
}

/** The matched text without its offset: `$a at 12: MZ` becomes `$a: MZ`. */
function evidenceOf({ value: { evidence } }: Found): readonly string[] {
  const { match, strings } = evidence ?? {};
  if (typeof match === 'string') return [match];
  if (!Array.isArray(strings)) return [];
  return strings.map((text) => text.replace(/^(\S*) at \d+: /, '$1: '));
}

function withOuterPaths(found: Found, outer: readonly string[] | undefined): Found {
  if (outer === undefined) return found;
  const { value } = found;
  return {
    ...found,
    value: { ...value, evidence: { ...value.evidence, alsoFoundIn: [...outer] } },
  };
}

function at(layer: number, path: string): string {
  return `${layer}:${path}`;
}
