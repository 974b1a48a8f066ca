/** Exceptions: which are in force, and which findings, packages and files each accepts. Pure. */
import type { PolicyExceptionEntry } from '../document/policy-schema.ts';
import type { Meter } from '../expression/meter.ts';
import { compileGlob } from '../expression/patterns.ts';
import { textsOf } from '../facts/build-facts.ts';
import type { PolicyFacts, PolicyFinding } from '../facts/fact-schema.ts';
import { matchesPackage } from './match-package.ts';
import { tagsOf } from './rule-scope.ts';

export interface PolicyException extends Omit<PolicyExceptionEntry, 'id'> {
  readonly id: string;
  /** `policy`, or the file of a VEX document. */
  readonly source: string;
}

/** Exceptions of a document with IDs; those without one are numbered. */
export function toExceptions(entries: readonly PolicyExceptionEntry[]): PolicyException[] {
  return entries.map(({ id, ...entry }, index) => ({
    ...entry,
    id: id ?? `exception-${index + 1}`,
    source: 'policy',
  }));
}

interface Expiring {
  readonly exception: PolicyException;
  readonly expiresMs: number;
}

/** Exceptions by what they are about: VEX documents have thousands, for every image the same. */
class ExceptionIndex {
  /** All, the first to expire first. */
  readonly byExpiry: readonly Expiring[];
  readonly byVulnerability = new Map<string, PolicyException[]>();
  readonly ofRules: readonly PolicyException[];
  /** About findings without a vulnerability. */
  readonly ofFindings: readonly PolicyException[];
  readonly ofPackages: readonly PolicyException[];
  readonly ofPaths: readonly PolicyException[];

  constructor(all: readonly PolicyException[]) {
    this.byExpiry = all
      .map((exception) => ({ exception, expiresMs: Date.parse(exception.expires) }))
      .toSorted((a, b) => a.expiresMs - b.expiresMs);
    for (const one of all) {
      const name = one.match.vulnerability?.toUpperCase();
      if (name === undefined) continue;
      const group = this.byVulnerability.get(name) ?? [];
      group.push(one);
      this.byVulnerability.set(name, group);
    }
    const others = all.filter(({ match }) => match.vulnerability === undefined);
    this.ofRules = others.filter((one) => !hasItem(one));
    this.ofFindings = others.filter(hasItem);
    this.ofPackages = others.filter(
      (one) => one.match.package !== undefined && isOnly(one, ['package', 'path']),
    );
    this.ofPaths = others.filter((one) => one.match.path !== undefined && isOnly(one, ['path']));
  }
}

const indexes = new WeakMap<readonly PolicyException[], ExceptionIndex>();

function indexOf(exceptions: readonly PolicyException[]): ExceptionIndex {
  const index = indexes.get(exceptions) ?? new ExceptionIndex(exceptions);
  indexes.set(exceptions, index);
  return index;
}

/** The exceptions that are in force for one image. */
export class ExceptionSet {
  readonly #indexes: readonly ExceptionIndex[];
  readonly #facts: PolicyFacts;
  readonly #now: number;
  readonly #inForce = new Map<PolicyException, boolean>();

  /** @param lists Lists that are the same objects for every image are indexed once. */
  constructor(lists: readonly (readonly PolicyException[])[], facts: PolicyFacts) {
    this.#indexes = lists.filter(({ length }) => length > 0).map(indexOf);
    this.#facts = facts;
    this.#now = Date.parse(facts.now);
  }

  get isEmpty(): boolean {
    return this.#indexes.length === 0;
  }

  get expired(): readonly PolicyException[] {
    return this.#indexes.flatMap(({ byExpiry }) => {
      const end = byExpiry.findIndex(({ expiresMs }) => expiresMs >= this.#now);
      return byExpiry.slice(0, end === -1 ? byExpiry.length : end).map((one) => one.exception);
    });
  }

  /** Exceptions of a whole rule. */
  ofRule(rule: string): readonly PolicyException[] {
    return this.#indexes.flatMap(({ ofRules }) =>
      ofRules.filter((one) => one.match.rule === rule && this.#isInForce(one)),
    );
  }

  ofFinding(finding: PolicyFinding, rule: string, meter: Meter): PolicyException | undefined {
    const ids = vulnerabilityIds(finding);
    const lists = this.#indexes.flatMap(({ byVulnerability, ofFindings }) => [
      ...ids.map((id) => byVulnerability.get(id) ?? []),
      ofFindings,
    ]);
    return this.#find(lists, { rule, meter, matches: (one) => matchesFinding(one, finding) });
  }

  /** Only exceptions by package, or package and path, are about packages themselves. */
  ofPackage(item: PackageItem, rule: string, meter: Meter): PolicyException | undefined {
    const lists = this.#indexes.map(({ ofPackages }) => ofPackages);
    return this.#find(lists, {
      ...{ rule, meter },
      matches: ({ match }) =>
        matchesPackage(match.package ?? '', item.purl) && matchesPath(match.path, item.path),
    });
  }

  /** Only exceptions by path alone are about files themselves. */
  ofPath(path: string, rule: string, meter: Meter): PolicyException | undefined {
    const lists = this.#indexes.map(({ ofPaths }) => ofPaths);
    const matches = ({ match }: PolicyException): boolean => matchesPath(match.path, path);
    return this.#find(lists, { rule, meter, matches });
  }

  #find(
    lists: readonly (readonly PolicyException[])[],
    { rule, meter, matches }: Search,
  ): PolicyException | undefined {
    for (const list of lists) {
      meter.spend(list.length);
      const found = list.find((one) => isFor(one, rule) && matches(one) && this.#isInForce(one));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #isExpired({ expires }: PolicyException): boolean {
    return Date.parse(expires) < this.#now;
  }

  #isInForce(exception: PolicyException): boolean {
    const known = this.#inForce.get(exception);
    if (known !== undefined) return known;
    const isInForce = !this.#isExpired(exception) && coversImage(exception, this.#facts);
    this.#inForce.set(exception, isInForce);
    return isInForce;
  }
}

interface PackageItem {
  readonly purl: string;
  readonly path: string;
}

interface Search {
  readonly rule: string;
  readonly meter: Meter;
  readonly matches: (exception: PolicyException) => boolean;
}

type Match = PolicyExceptionEntry['match'];

function isEmpty(match: { [Name in keyof Match]: Match[Name] | undefined }): boolean {
  return Object.values(match).every((value) => value === undefined);
}

function isFor({ match }: PolicyException, rule: string): boolean {
  return match.rule === undefined || match.rule === rule;
}

/** Whether it is about findings, packages or files, and not about a whole rule. */
function hasItem({ match }: PolicyException): boolean {
  return !isEmpty({ ...match, rule: undefined, image: undefined });
}

function isOnly({ match }: PolicyException, names: readonly string[]): boolean {
  const given = Object.entries(match).filter(([, value]) => value !== undefined);
  return given.every(([name]) => names.includes(name) || name === 'rule' || name === 'image');
}

/**
 * By digest, or by a glob for `registry/repository:tag`, with or without registry and tag; the
 * registry is its host, or the name of a watched one. With a
 * tag it has to cover every tag of the image: what is accepted as `test` is not as `production`.
 */
function coversImage({ match: { image } }: PolicyException, facts: PolicyFacts): boolean {
  if (image === undefined) return true;
  const { registry, registryName, repository, digest } = facts.context;
  if (image.startsWith('sha256:')) {
    return [digest, facts.image.digest, facts.image.indexDigest].includes(image);
  }
  const known = namesOf(repository, [registry, registryName]);
  const glob = compileGlob(image);
  if (known.some((name) => glob.test(name))) return true;
  const tags = tagsOf(facts.context);
  const isCovered = (tag: string): boolean => known.some((name) => glob.test(`${name}:${tag}`));
  return tags.length > 0 && tags.every(isCovered);
}

function namesOf(
  repository: string | undefined,
  registries: readonly (string | undefined)[],
): readonly string[] {
  if (repository === undefined || repository === '') return [];
  const given = registries.filter((one) => one !== undefined && one !== '');
  return [repository, ...given.map((one) => `${one}/${repository}`)];
}

function vulnerabilityIds({ class: kind, rule, evidence = {} }: PolicyFinding): string[] {
  if (kind !== 'vulnerability') return [];
  const ids = [rule, ...textsOf(evidence['cve']), ...textsOf(evidence['aliases'])];
  return [...new Set(ids.map((id) => id.toUpperCase()))];
}

function matchesFinding({ match }: PolicyException, finding: PolicyFinding): boolean {
  const { finding: id, signature, package: purl, path } = match;
  return (
    (id === undefined || id === finding.id) &&
    (signature === undefined || compileGlob(signature).test(finding.rule)) &&
    (purl === undefined || (finding.purl !== undefined && matchesPackage(purl, finding.purl))) &&
    (path === undefined || (finding.path !== undefined && matchesPath(path, finding.path)))
  );
}

function matchesPath(glob: string | undefined, path: string): boolean {
  return glob === undefined || compileGlob(glob.replace(/^\/+/, '')).test(path);
}
