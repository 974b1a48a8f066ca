/** Packages of an image with their layer and number of files, and the files without a package. */
import type { DistributionFact, Fact, PackageFact, PlacedPackage } from '@lazaret/protocol';

import { distributionSources } from '../../inventory/distribution/distribution.ts';
import { createDatabaseFiles } from '../../inventory/system/database-files.ts';
import type { MergedTree } from '../../tree/merge-layers.ts';
import type { LayerRecords, Placed, PlacedRecords } from './place-records.ts';

/** Packages whose purl names their distribution. */
const systemTypes: ReadonlySet<string> = new Set(['deb', 'apk', 'rpm', 'alpm']);

export interface PackageSurroundings {
  readonly distribution: DistributionFact | undefined;
  /** Paths that system packages own, from `findOwned`. */
  readonly owned: ReadonlySet<string> | undefined;
}

export function collectPackages(
  { facts, merged }: Pick<PlacedRecords, 'facts' | 'merged'>,
  { distribution, owned }: PackageSurroundings,
): PlacedPackage[] {
  const counts = ownedCounts(facts);
  const isOwnedFile = (file?: { readonly path: string }): boolean => {
    const found = file && merged.find(file.path);
    return found !== undefined && owned?.has(found.path) === true;
  };
  const packages = facts.flatMap(({ value, layer, hiddenBy, file }) => {
    if (value.kind !== 'package') return [];
    const isSystem = systemTypes.has(value.type);
    const isOwned = hiddenBy === undefined && isOwnedFile(file);
    if (isOwned && isRedundant(value, isSystem)) return [];
    const count = counts.get(ownerKey(value, layer)) ?? counts.get(ownerKey(value));
    return [
      {
        ...{ ...value, purl: isSystem ? systemPurl(value, distribution) : value.purl, layer },
        ...(hiddenBy !== undefined && { hiddenBy }),
        ...(count !== undefined && { ownedFiles: count }),
        ...(isOwned && !isSystem && { isOwnedBySystem: true }),
      },
    ];
  });
  return foldLayers(packages, ({ purl, path, version, state }) =>
    JSON.stringify([purl, path, version, state]),
  );
}

/**
 * Whether a package was detected in a file of a system package and only repeats it: version
 * patterns in programs repeat the package database, and build info may name the source package. The
 * name of a Java archive adds information: coordinates that the system package does not have.
 */
function isRedundant({ foundBy, type }: PackageFact, isSystem: boolean): boolean {
  if (foundBy === 'pattern') return type !== 'maven';
  return type === 'generic' || (isSystem && foundBy === 'build-info');
}

/**
 * Removes duplicates over layers: a layer that rewrites a package database repeats all of it. Of
 * each one remains: in the first layer, visible when any of them is.
 */
export function foldLayers<T extends { readonly layer: number; readonly hiddenBy?: number }>(
  things: readonly T[],
  identity: (thing: T) => string,
): T[] {
  const byIdentity = new Map<string, T>();
  for (const thing of things) {
    const key = identity(thing);
    const known = byIdentity.get(key);
    if (known === undefined) byIdentity.set(key, thing);
    else byIdentity.set(key, { ...later(known, thing), layer: Math.min(known.layer, thing.layer) });
  }
  return [...byIdentity.values()];
}

/** The one whose visibility counts: the visible one, otherwise the one hidden last. */
function later<T extends { readonly hiddenBy?: number }>(a: T, b: T): T {
  if (a.hiddenBy === undefined) return a;
  return b.hiddenBy === undefined || b.hiddenBy >= a.hiddenBy ? b : a;
}

/** The distribution of the merged view, from the most reliable file. */
export function findDistribution(facts: readonly Placed<Fact>[]): DistributionFact | undefined {
  const rank = ({ foundBy }: DistributionFact): number => {
    const at = distributionSources.indexOf(foundBy);
    return at === -1 ? distributionSources.length : at;
  };
  let best: DistributionFact | undefined;
  for (const { value, hiddenBy } of facts) {
    if (value.kind !== 'distribution' || hiddenBy !== undefined) continue;
    if (best === undefined || rank(value) < rank(best)) best = value;
  }
  return best;
}

/**
 * Paths of the merged view that are owned by system packages; undefined when no package lists
 * files. Paths are resolved through symbolic links: `/lib` is `/usr/lib` on most systems.
 */
export function findOwned(
  facts: readonly Placed<Fact>[],
  merged: MergedTree,
): ReadonlySet<string> | undefined {
  const owned = new Set<string>();
  let lists = 0;
  for (const { value, hiddenBy } of facts) {
    if (value.kind !== 'ownership' || hiddenBy !== undefined) continue;
    if (!systemTypes.has(value.type)) continue;
    lists += 1;
    for (const { path } of value.files) {
      const found = merged.find(path);
      if (found !== undefined) owned.add(found.path);
    }
  }
  return lists === 0 ? undefined : owned;
}

/** Files of the merged view without a system package, except the files of package managers. */
export function findUnowned(
  merged: MergedTree,
  { records, owned, packages, listed }: UnownedOptions,
): { count: number; paths: string[] } {
  const isRecord = createDatabaseFiles(packages.filter((each) => each.hiddenBy === undefined));
  let count = 0;
  const paths: string[] = [];
  for (const { path, layer, row } of merged.files()) {
    const type = records[layer]?.files[row]?.type;
    if ((type !== 'file' && type !== 'hardlink') || owned.has(path) || isRecord(path)) {
      continue;
    }
    count += 1;
    if (paths.length < listed) paths.push(path);
  }
  return { count, paths };
}

interface UnownedOptions {
  readonly records: LayerRecords;
  readonly owned: ReadonlySet<string>;
  readonly packages: readonly PlacedPackage[];
  /** Maximum number of listed paths; all are counted. */
  readonly listed: number;
}

function systemPurl(value: PackageFact, distribution: DistributionFact | undefined): string {
  if (distribution === undefined) return value.purl;
  const { id, versionId } = distribution;
  const namespace = value.type === 'alpm' ? 'arch' : id;
  const distro = versionId === undefined ? id : `${id}-${versionId}`;
  const [path = '', query = ''] = value.purl.split('?');
  const start = `pkg:${value.type}/`;
  const named = path.slice(start.length);
  const qualifiers = [...query.split('&'), `distro=${encodeURIComponent(distro)}`]
    .filter((each) => each !== '')
    .toSorted();
  const full = named.includes('/') ? named : `${encodeURIComponent(namespace)}/${named}`;
  return `${start}${full}?${qualifiers.join('&')}`;
}

function ownedCounts(facts: readonly Placed<Fact>[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { value, layer } of facts) {
    if (value.kind !== 'ownership') continue;
    counts.set(ownerKey(value, layer), value.files.length);
    counts.set(ownerKey(value), value.files.length);
  }
  return counts;
}

/** The key by which package managers identify packages in file lists. */
function ownerKey({ type, name }: Pick<PackageFact, 'type' | 'name'>, layer?: number): string {
  return JSON.stringify([type, name, layer ?? null]);
}
