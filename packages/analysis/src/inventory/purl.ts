/**
 * Package URLs in their canonical form (ECMA-427). The rules of each type come from packageurl-js;
 * the writing of components is here, because that library does not escape `+` in versions and
 * escapes `:` in qualifiers, contrary to the standard's own test suite, and would refuse names of
 * other ecosystems.
 */
import { PackageURL } from 'packageurl-js';

export interface PackageUrlParts {
  /** `deb`, `npm`... */
  readonly type: string;
  /** Parts split by `/`: `@scope`, `org.apache.commons`, `github.com/user`. */
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly version?: string | undefined;
  /** Those without a value are omitted. */
  readonly qualifiers?: Readonly<Record<string, string | undefined>> | undefined;
  readonly subpath?: string | undefined;
}

interface Components {
  readonly type: string;
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
  readonly qualifiers: readonly (readonly [key: string, value: string])[];
  readonly subpath: string;
}

/**
 * The canonical package URL, with the normalisation of its type. It never throws: parts that
 * violate the rules of their type (a Maven package without a group) are written as they are,
 * escaped.
 */
export function packageUrl(parts: PackageUrlParts): string {
  const { type, namespace, name, version, qualifiers, subpath } = normalise(parts);
  const path = [type, ...segments(namespace).map(escape), escape(name)].join('/');
  const query = qualifiers.map(([key, value]) => `${key}=${escape(value)}`).join('&');
  const inside = segments(subpath)
    .filter((segment) => segment !== '.' && segment !== '..')
    .map(escape)
    .join('/');
  return [
    `pkg:${path}`,
    version === '' ? '' : `@${escape(version)}`,
    query === '' ? '' : `?${query}`,
    inside === '' ? '' : `#${inside}`,
  ].join('');
}

function normalise(parts: PackageUrlParts): Components {
  const plain = trim(parts);
  // The library still lower-cases npm names, which the standard does not: old ones have capitals.
  if (plain.type === 'npm') return plain;
  try {
    const { namespace, name, version } = new PackageURL(
      plain.type,
      plain.namespace,
      plain.name,
      plain.version,
    );
    return { ...plain, namespace: namespace ?? '', name, version: version ?? '' };
  } catch {
    return plain;
  }
}

function trim(parts: PackageUrlParts): Components {
  return {
    type: parts.type.trim().toLowerCase(),
    namespace: parts.namespace?.trim() ?? '',
    name: parts.name.trim(),
    version: parts.version?.trim() ?? '',
    qualifiers: listQualifiers(parts.qualifiers ?? {}),
    subpath: parts.subpath?.trim() ?? '',
  };
}

/** Sorted by key; keys that the standard does not allow are omitted, as are empty values. */
function listQualifiers(
  qualifiers: Readonly<Record<string, string | undefined>>,
): [string, string][] {
  return Object.entries(qualifiers)
    .map(([key, value]): [string, string] => [key.toLowerCase(), value?.trim() ?? ''])
    .filter(([key, value]) => value !== '' && /^[a-z._-][a-z0-9._-]*$/.test(key))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function segments(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

/** All but letters, digits, `.`, `-`, `_`, `~` and `:` as the bytes of its UTF-8. */
function escape(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replaceAll('%3A', ':')
    .replaceAll(
      /[!'()*]/g,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    );
}
