/**
 * Compares the packages that a script listed inside an image with those of its inspection. Only
 * types that the script lists completely are compared: silence about a type is not absence. Pure.
 */
import type { PackageDisagreement } from '@lazaret/protocol';
import { z } from 'zod';

import type { InventoryPackage } from '../inspection/index.ts';
import { scriptServerLimits } from './limits.ts';

const text = z.union([z.string(), z.number().transform(String)]);

/** What the script `packages.sh` prints, and scripts of users may. */
const listing = z.object({
  packages: z
    .array(
      z.object({
        type: z.string(),
        name: text,
        version: text,
        architecture: text.nullish(),
      }),
    )
    .max(scriptServerLimits.packages),
  /** Types that are listed completely. */
  complete: z.array(z.string()),
});

/** The output of the package script of Banyan Collector, which only lists one type. */
const collectorListing = z.object({
  distroname: z.string(),
  pkgsinfo: z
    .array(z.object({ pkg: text, version: text, architecture: text.nullish() }))
    .max(scriptServerLimits.packages),
});

export interface PackageListing {
  readonly packages: readonly InventoryPackage[];
  readonly complete: readonly string[];
}

/** Undefined when the output does not list packages. */
export function readListing(output: unknown): PackageListing | undefined {
  const found = listing.safeParse(output);
  if (found.success) {
    const { packages, complete } = found.data;
    return {
      packages: packages.map((one) => ({ ...one, architecture: one.architecture ?? null })),
      complete,
    };
  }
  const older = collectorListing.safeParse(output);
  if (!older.success) return undefined;
  const packages = older.data.pkgsinfo.filter(({ pkg }) => pkg !== '');
  const type = packages.some(({ version }) => /-\S*\.(el|fc|amzn|suse)\d/.test(version))
    ? 'rpm'
    : 'deb';
  return {
    packages: packages.map(({ pkg, version, architecture }) => ({
      ...{ type, name: pkg, version, architecture: architecture ?? null },
    })),
    // A list with one empty package means that it knew no package manager.
    complete: packages.length === 0 ? [] : [type],
  };
}

export type Disagreement = Omit<PackageDisagreement, 'script' | 'run'>;

/** @param inventory All packages of the types that the listing has completely. */
export function comparePackages(
  inside: PackageListing,
  inventory: readonly InventoryPackage[],
): Disagreement[] {
  const types = new Set(inside.complete);
  const left = group(inside.packages.filter(({ type }) => types.has(type)));
  const right = group(inventory.filter(({ type }) => types.has(type)));
  const found: Disagreement[] = [];
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    found.push(...compareOne(left.get(key) ?? [], right.get(key) ?? []));
  }
  return found.toSorted((a, b) => compareText(sortKey(a), sortKey(b)));
}

/** One name may be installed in several versions, and for several architectures. */
function group(packages: readonly InventoryPackage[]): Map<string, InventoryPackage[]> {
  return Map.groupBy(packages, ({ type, name, architecture }) =>
    [type, name.toLowerCase(), isSystem(type) ? (architecture ?? '') : ''].join('\n'),
  );
}

/** Types whose packages have an architecture. */
function isSystem(type: string): boolean {
  return ['deb', 'rpm', 'apk', 'alpm'].includes(type);
}

function compareOne(
  inside: readonly InventoryPackage[],
  inventory: readonly InventoryPackage[],
): Disagreement[] {
  const versions = (list: readonly InventoryPackage[]) => new Set(list.map((one) => one.version));
  const known = versions(inventory);
  const listed = versions(inside);
  const onlyInside = inside.filter(({ version }) => !known.has(version));
  const onlyStatic = inventory.filter(({ version }) => !listed.has(version));
  const [one, other] = [onlyInside[0], onlyStatic[0]];
  if (one !== undefined && other !== undefined && onlyInside.length + onlyStatic.length === 2) {
    return [describe('version', one, { inside: one.version, static: other.version })];
  }
  return [
    ...onlyInside.map((each) =>
      describe('missing_static', each, { inside: each.version, static: null }),
    ),
    ...onlyStatic.map((each) =>
      describe('missing_inside', each, { inside: null, static: each.version }),
    ),
  ];
}

function describe(
  rule: Disagreement['rule'],
  { type, name, architecture }: InventoryPackage,
  sides: { readonly inside: string | null; readonly static: string | null },
): Disagreement {
  const cut = (value: string | null): string | null =>
    value === null ? null : value.slice(0, scriptServerLimits.disagreementTextChars);
  return {
    ...{ rule, type: cut(type) ?? '', package: cut(name) ?? '', architecture: cut(architecture) },
    ...{ inside: cut(sides.inside), static: cut(sides.static) },
  };
}

function sortKey({ type, package: name, rule }: Disagreement): string {
  return [type, name, rule].join('\n');
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
