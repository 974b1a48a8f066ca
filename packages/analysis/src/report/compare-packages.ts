/** Packages of two reports by name: added, removed, changed, moved, or not comparable. */
import type {
  Incomparability,
  InspectionReport,
  MovedPackage,
  PackageDifference,
  PlacedPackage,
  ReportDifference,
} from '@lazaret/protocol';

import { partialCoverage, structuralGaps, type GapIndex } from './comparability.ts';
import { isVisible } from './components.ts';

export interface PackageComparison {
  readonly packages: ReportDifference['packages'];
  readonly notComparable: readonly Incomparability[];
}

/** Only packages that a later layer does not hide. */
export function comparePackages(
  before: InspectionReport,
  after: InspectionReport,
): PackageComparison {
  const first = groupByName(before.packages);
  const second = groupByName(after.packages);
  const packages: ReportDifference['packages'] = {
    added: [],
    removed: [],
    changed: [],
    moved: [],
    notComparable: { before: [], after: [] },
  };
  const gaps = { before: structuralGaps(before), after: structuralGaps(after) };
  for (const key of [...new Set([...first.keys(), ...second.keys()])].toSorted()) {
    addDifference(packages, { old: first.get(key), now: second.get(key), gaps });
  }
  const { notComparable } = packages;
  return {
    packages,
    notComparable: [
      ...(notComparable.after.length === 0 ? [] : [partialCoverage('packages', 'before')]),
      ...(notComparable.before.length === 0 ? [] : [partialCoverage('packages', 'after')]),
    ],
  };
}

interface Pair {
  readonly old: NamedPackage | undefined;
  readonly now: NamedPackage | undefined;
  readonly gaps: { readonly before: GapIndex; readonly after: GapIndex };
}

function addDifference(packages: ReportDifference['packages'], { old, now, gaps }: Pair): void {
  const either = old ?? now;
  if (either === undefined) return;
  const { type, name } = either;
  const difference: PackageDifference = {
    type,
    name,
    before: missingFrom(old?.versions, now?.versions),
    after: missingFrom(now?.versions, old?.versions),
  };
  if (old === undefined) {
    const list = isCovered(now, gaps.before) ? packages.notComparable.after : packages.added;
    list.push(difference);
  } else if (now === undefined) {
    const list = isCovered(old, gaps.after) ? packages.notComparable.before : packages.removed;
    list.push(difference);
  } else if (difference.before.length + difference.after.length > 0) {
    packages.changed.push(difference);
  } else {
    packages.moved.push(...findMove(old, now));
  }
}

function findMove(old: NamedPackage, now: NamedPackage): MovedPackage[] {
  const { type, name, versions } = now;
  const from = missingFrom(old.paths, now.paths);
  const to = missingFrom(now.paths, old.paths);
  if (from.length === 0 || to.length === 0) return [];
  return [{ type, name, versions: [...versions], from, to }];
}

/** Whether the other image may have the package where it was not examined. */
function isCovered(named: NamedPackage | undefined, gaps: GapIndex): boolean {
  return [...(named?.paths ?? [])].some((path) => gaps.covers(path));
}

function missingFrom(
  list: ReadonlySet<string> | undefined,
  other: ReadonlySet<string> | undefined,
): string[] {
  return [...(list ?? [])].filter((one) => other?.has(one) !== true);
}

interface NamedPackage {
  readonly type: PlacedPackage['type'];
  readonly name: string;
  readonly versions: Set<string>;
  readonly paths: Set<string>;
}

/** Several versions of a name may exist side by side, as in `node_modules`. */
function groupByName(packages: readonly PlacedPackage[]): ReadonlyMap<string, NamedPackage> {
  const names = new Map<string, NamedPackage>();
  for (const one of packages) {
    if (!isVisible(one)) continue;
    const { type, name, version, architecture, path } = one;
    const key = [type, name, architecture ?? ''].join('\0');
    const known = names.get(key);
    if (known === undefined) {
      names.set(key, { type, name, versions: new Set([version]), paths: new Set([path]) });
    } else {
      known.versions.add(version);
      known.paths.add(path);
    }
  }
  return names;
}
