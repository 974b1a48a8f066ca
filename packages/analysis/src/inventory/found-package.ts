/** Converts what a reader of a language found to consistent facts. */
import { limits } from '@lazaret/protocol';
import type { Fact, PackageFact, PackageType } from '@lazaret/protocol';

import { analysisLimits } from '../limits.ts';
import { inventoryLimits } from './limits.ts';
import { packageUrl } from './purl.ts';
import { ReadError } from './reader.ts';

export interface FoundPackage {
  readonly type: PackageType;
  /** The name as users write it: `@scope/name`, `vendor/name`. */
  readonly name: string;
  readonly version: string;
  readonly foundBy: PackageFact['foundBy'];
  readonly state: PackageFact['state'];
  /** Other than `type`, for purl types that are not a package type here. */
  readonly purlType?: string;
  /** Both are split from `name` at its last slash by default. */
  readonly namespace?: string | undefined;
  readonly purlName?: string;
  readonly qualifiers?: Readonly<Record<string, string | undefined>>;
  readonly architecture?: string | undefined;
  readonly licenses?: readonly string[] | undefined;
  readonly supplier?: string | undefined;
  readonly dependsOn?: readonly string[] | undefined;
}

/** One package of a file. Throws ReadError when its name or version is invalid. */
export function packageFactOf(path: string, found: FoundPackage): PackageFact {
  if (!isPlausible(found)) {
    throw new ReadError('damaged', 'the name or the version of a package is invalid');
  }
  const { type, name, version, foundBy, state, architecture } = found;
  const supplier = tidy(found.supplier);
  const licenses = tidyList(found.licenses, inventoryLimits.packageLicenses);
  const dependsOn = tidyList(found.dependsOn, inventoryLimits.packageDependencies);
  return {
    kind: 'package',
    path,
    type,
    name,
    version,
    purl: purlOf(found),
    foundBy,
    state,
    ...(architecture === undefined ? {} : { architecture }),
    ...(licenses.length === 0 ? {} : { licenses }),
    ...(supplier === undefined ? {} : { supplier }),
    ...(dependsOn.length === 0 ? {} : { dependsOn }),
  };
}

/**
 * All packages of a list, each once. Throws ReadError at the end when some were invalid: what was
 * emitted remains valid.
 */
export function emitPackages(
  path: string,
  packages: Iterable<FoundPackage>,
  emit: (fact: Fact) => void,
): void {
  const seen = new Set<string>();
  let left = 0;
  let count = 0;
  for (const found of packages) {
    count += 1;
    if (count > inventoryLimits.readerListItems) {
      throw new ReadError('too_many', `more than ${inventoryLimits.readerListItems} packages`);
    }
    if (!isPlausible(found)) {
      left += 1;
      continue;
    }
    const fact = packageFactOf(path, found);
    if (seen.has(fact.purl)) continue;
    seen.add(fact.purl);
    emit(fact);
  }
  if (left > 0)
    throw new ReadError('damaged', `${left} packages have no plausible name or version`);
}

function isPlausible({ name, version }: FoundPackage): boolean {
  return (
    isOneWord(name, limits.packageNameChars) &&
    isOneWord(version, analysisLimits.packageVersionChars)
  );
}

function isOneWord(text: string, maxChars: number): boolean {
  return text !== '' && text.length <= maxChars && !/[\s\p{Cc}]/u.test(text);
}

function purlOf(found: FoundPackage): string {
  const { type, purlType, name, namespace, purlName, version, qualifiers } = found;
  const slash = name.lastIndexOf('/');
  return packageUrl({
    type: purlType ?? type,
    namespace: namespace ?? (slash > 0 ? name.slice(0, slash) : undefined),
    name: purlName ?? (slash > 0 ? name.slice(slash + 1) : name),
    version,
    qualifiers,
  });
}

function tidyList(list: readonly string[] | undefined, maxItems: number): string[] {
  const texts = (list ?? []).slice(0, maxItems).map(tidy);
  return [...new Set(texts.filter((text) => text !== undefined))];
}

/** One line of a bounded length; undefined when it is empty. */
function tidy(text: string | undefined): string | undefined {
  const line = text
    ?.slice(0, limits.packageNameChars)
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return line === '' ? undefined : line;
}
