/**
 * The same malware or secret is found at each level of nesting: in an archive, in one inside that,
 * in the file itself. The innermost is kept and names the outer ones. Pure.
 *
 * An outer match is another one unless the inner explains it. clamd unpacks by itself, and finds in
 * an archive what it finds in a member. A rule or a secret was seen in the outer bytes as they are:
 * only a container that stores its members so can have it from them, and only as often, and with as
 * much evidence, as the members have it.
 */

import { scanLimits } from '../../scan/limits.ts';
import type { PlacedRecords } from './place-records.ts';

type Found = PlacedRecords['findings'][number];

/** Containers that hold the bytes of their members as they are. */
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
    // The deepest first: what is folded explains nothing any more.
    const outers = [...inners.keys()].toSorted((a, b) => b.length - a.length);
    for (const path of outers) {
      const outer = byPath.get(path) ?? [];
      const others = (inners.get(path) ?? []).filter((each) => !folded.has(each));
      if (!isExplained(outer, others, kinds)) continue;
      for (const each of outer) folded.add(each);
      for (const each of others) notes.set(each, [...(notes.get(each) ?? []), path]);
    }
  }
  return findings.filter((each) => !folded.has(each)).map((each) => noted(each, notes.get(each)));
}

type ByPath = ReadonlyMap<string, readonly Found[]>;

/** What one rule found in one place of the layers, by path; only where something lies nested. */
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

/** By the path of an outer one, all that was found below it. */
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

/** A rule without strings looked at something else; of a long list the rest is not known. */
function hasWholeEvidence(found: Found): boolean {
  const { length } = evidenceOf(found);
  return length > 0 && length < scanLimits.yaraEvidenceStrings;
}

function countEvidence(found: readonly Found[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const each of found.flatMap(evidenceOf)) counts.set(each, (counts.get(each) ?? 0) + 1);
  return counts;
}

/** What was matched, without its place: `$a at 12: MZ` is `$a: MZ`. */
function evidenceOf({ value: { evidence } }: Found): readonly string[] {
  const { match, strings } = evidence ?? {};
  if (typeof match === 'string') return [match];
  if (!Array.isArray(strings)) return [];
  return strings.map((text) => text.replace(/^(\S*) at \d+: /, '$1: '));
}

function noted(found: Found, outer: readonly string[] | undefined): Found {
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
