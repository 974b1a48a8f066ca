/** Exceptions: which are in force, and which findings, packages and files each accepts. Pure. */
import { PackageURL } from 'packageurl-js';

import type { PolicyExceptionEntry } from '../document/policy-schema.ts';
import { compileGlob } from '../expression/patterns.ts';
import { textsOf } from '../facts/build-facts.ts';
import type { PolicyFacts, PolicyFinding } from '../facts/fact-schema.ts';

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

/** The exceptions that are in force for one image, indexed: a VEX document has thousands. */
export class ExceptionSet {
  readonly expired: readonly PolicyException[];
  readonly #byVulnerability = new Map<string, PolicyException[]>();
  readonly #others: PolicyException[] = [];

  constructor(exceptions: readonly PolicyException[], facts: PolicyFacts) {
    const now = Date.parse(facts.now);
    const isExpired = ({ expires }: PolicyException): boolean => Date.parse(expires) < now;
    this.expired = exceptions.filter(isExpired);
    for (const one of exceptions) {
      if (isExpired(one) || !coversImage(one, facts)) continue;
      const { vulnerability } = one.match;
      if (vulnerability === undefined) this.#others.push(one);
      else this.#grouped(vulnerability.toUpperCase()).push(one);
    }
  }

  /** Exceptions of a whole rule. */
  ofRule(rule: string): readonly PolicyException[] {
    return this.#others.filter(
      ({ match }) =>
        match.rule === rule && isEmpty({ ...match, rule: undefined, image: undefined }),
    );
  }

  ofFinding(finding: PolicyFinding, rule: string): PolicyException | undefined {
    const named = vulnerabilityIds(finding).flatMap((id) => this.#byVulnerability.get(id) ?? []);
    return [...named, ...this.#others].find(
      (one) => isFor(one, rule) && hasItem(one) && matchesFinding(one, finding),
    );
  }

  /** Only exceptions by package, or package and path, are about packages themselves. */
  ofPackage(item: { readonly purl: string; readonly path: string }, rule: string) {
    return this.#others.find(
      (one) =>
        isFor(one, rule) &&
        one.match.package !== undefined &&
        isOnly(one, ['package', 'path']) &&
        matchesPackage(one.match.package, item.purl) &&
        matchesPath(one.match.path, item.path),
    );
  }

  /** Only exceptions by path alone are about files themselves. */
  ofPath(path: string, rule: string): PolicyException | undefined {
    return this.#others.find(
      (one) =>
        isFor(one, rule) &&
        one.match.path !== undefined &&
        isOnly(one, ['path']) &&
        matchesPath(one.match.path, path),
    );
  }

  get isEmpty(): boolean {
    return this.#others.length === 0 && this.#byVulnerability.size === 0;
  }

  #grouped(id: string): PolicyException[] {
    const group = this.#byVulnerability.get(id) ?? [];
    this.#byVulnerability.set(id, group);
    return group;
  }
}

type Match = PolicyExceptionEntry['match'];

function isEmpty(match: { [Name in keyof Match]: Match[Name] | undefined }): boolean {
  return Object.values(match).every((value) => value === undefined);
}

function isFor({ match }: PolicyException, rule: string): boolean {
  return match.rule === undefined || match.rule === rule;
}

function hasItem({ match }: PolicyException): boolean {
  return !isEmpty({ ...match, rule: undefined, image: undefined });
}

function isOnly({ match }: PolicyException, names: readonly string[]): boolean {
  const given = Object.entries(match).filter(([, value]) => value !== undefined);
  return given.every(([name]) => names.includes(name) || name === 'rule' || name === 'image');
}

/** By digest, or by a glob for `registry/repository:tag`, with or without registry and tag. */
function coversImage({ match: { image } }: PolicyException, facts: PolicyFacts): boolean {
  if (image === undefined) return true;
  const { registry, repository, tag, digest } = facts.context;
  if (image.startsWith('sha256:')) {
    return [digest, facts.image.digest, facts.image.indexDigest].includes(image);
  }
  const names = [repository, registry && repository && `${registry}/${repository}`];
  const tagged = names.flatMap((name) => (name && tag ? [name, `${name}:${tag}`] : [name]));
  const glob = compileGlob(image);
  return tagged.some((name) => name !== undefined && name !== '' && glob.test(name));
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

/**
 * Whether a purl is of the package that another names: type, namespace and name are equal, and so
 * are the version and the qualifiers that are given.
 */
export function matchesPackage(wanted: string, purl: string): boolean {
  if (wanted === purl) return true;
  const [a, b] = [parsePurl(wanted), parsePurl(purl)];
  if (a === undefined || b === undefined) return false;
  const isSame =
    a.type === b.type && (a.namespace ?? '') === (b.namespace ?? '') && a.name === b.name;
  const isVersion = a.version === undefined || a.version === b.version;
  return isSame && isVersion && hasQualifiers(a, b);
}

/**
 * Packages of a report carry no distribution, so a qualifier that they lack does not count; one
 * that both have must be equal.
 */
function hasQualifiers(a: PackageURL, b: PackageURL): boolean {
  return Object.entries(a.qualifiers ?? {}).every(([name, value]) => {
    const other = b.qualifiers?.[name];
    return other === undefined || other === value;
  });
}

const parsed = new Map<string, PackageURL | undefined>();
const parsedLimit = 20_000;

function parsePurl(text: string): PackageURL | undefined {
  if (parsed.has(text)) return parsed.get(text);
  let purl: PackageURL | undefined;
  try {
    purl = PackageURL.fromString(text);
  } catch {
    // not a purl: it is equal to itself only
  }
  if (parsed.size >= parsedLimit) parsed.clear();
  parsed.set(text, purl);
  return purl;
}
