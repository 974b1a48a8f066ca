/** One way of writing a package down, so that different tools' lists can be compared. */

export interface PackageId {
  /** Type as purl names it: `deb`, `npm`. */
  readonly ecosystem: string;
  /** `@scope/name@1.0`, `org.apache:artifact@1.0`, `name@2:1.0-3`. */
  readonly id: string;
}

const systemTypes: ReadonlySet<string> = new Set(['deb', 'rpm', 'apk', 'alpm']);

/**
 * Qualifiers go, but for an epoch, which some tools keep apart from the version; so do the
 * distribution in a system package's namespace, the `v` of Go, and ways to write a Python name.
 */
export function packageIdOf(purl: string): PackageId | undefined {
  const parsed = /^pkg:([^/?#@]+)\/([^?#]*)(?:\?([^#]*))?/.exec(purl);
  if (parsed === null) return undefined;
  const [, ecosystem = '', path = '', query = ''] = parsed;
  const at = path.lastIndexOf('@');
  const [named, version] = at > 0 ? [path.slice(0, at), path.slice(at + 1)] : [path, ''];
  const segments = named.split('/').map(decodeURIComponent);
  const name = segments.pop() ?? '';
  const epoch = new URLSearchParams(query).get('epoch') ?? '0';
  const decoded = decodeURIComponent(version);
  const whole = epoch === '0' || decoded.includes(':') ? decoded : `${epoch}:${decoded}`;
  return packageId(ecosystem, { namespace: segments.join('/'), name, version: whole });
}

export function packageId(
  ecosystem: string,
  { namespace = '', name, version }: { namespace?: string; name: string; version: string },
): PackageId {
  const plain = normalVersion(ecosystem, version);
  if (systemTypes.has(ecosystem)) return { ecosystem, id: `${name}@${plain}` };
  if (ecosystem === 'pypi') {
    return { ecosystem, id: `${name.toLowerCase().replaceAll(/[-_.]+/g, '-')}@${plain}` };
  }
  const between = ecosystem === 'maven' ? ':' : '/';
  const full = namespace === '' ? name : `${namespace}${between}${name}`;
  return { ecosystem, id: `${ecosystem === 'golang' ? full.toLowerCase() : full}@${plain}` };
}

function normalVersion(ecosystem: string, version: string): string {
  if (ecosystem === 'golang') return version.replace(/^v(?=\d)/, '').replace(/^\(devel\)$/, '');
  return systemTypes.has(ecosystem) ? version.replace(/^0:/, '') : version;
}
