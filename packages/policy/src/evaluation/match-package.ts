/** Packages that an exception names by purl. */
import { PackageURL } from 'packageurl-js';

/** Their namespace is the vendor; without one every vendor is meant. */
const vendorTypes: ReadonlySet<string> = new Set(['alpm', 'apk', 'deb', 'rpm']);

/**
 * Whether a purl is of the package that another names: type, namespace and name are equal, and so
 * are the version and the qualifiers that are given.
 */
export function matchesPackage(wanted: string, purl: string): boolean {
  if (wanted === purl) return true;
  const [a, b] = [parsePurl(wanted), parsePurl(purl)];
  if (a === undefined || b === undefined) return false;
  const isSame = a.type === b.type && a.name === b.name && coversNamespace(a, b);
  const isVersion = a.version === undefined || a.version === b.version;
  return isSame && isVersion && hasQualifiers(a, b);
}

function coversNamespace(a: PackageURL, b: PackageURL): boolean {
  if (!a.namespace && vendorTypes.has(a.type ?? '')) return true;
  return (a.namespace ?? '') === (b.namespace ?? '');
}

/** Whether a purl names one version; `pkg:npm/@scope/name` does not. */
export function hasVersion(purl: string): boolean {
  return (parsePurl(purl)?.version ?? '') !== '';
}

/**
 * A qualifier that the package lacks does not count; one that both have must be equal.
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
