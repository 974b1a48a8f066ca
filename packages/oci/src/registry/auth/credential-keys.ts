/**
 * Matches the keys of credential files with registries: hosts, URLs, names of Docker Hub, paths.
 */
import { canonicalHost } from '../../reference/reference.ts';

/**
 * How specific a key is for a repository, larger is better; undefined when it does not match. Keys
 * may be `host`, `https://host`, `https://host/v1/`, or `host/namespace/repository`.
 */
export function matchKey(key: string, host: string, repository: string): number | undefined {
  const { host: named, path } = splitKey(key);
  if (canonicalHost(named) !== canonicalHost(host)) return undefined;
  if (path === '') return 0;
  const covers = repository === path || repository.startsWith(`${path}/`);
  return covers ? path.length : undefined;
}

/** The server names to query a credential helper with, the usual one first. */
export function helperKeys(host: string): readonly string[] {
  return canonicalHost(host) === 'docker.io' ? ['https://index.docker.io/v1/'] : [host];
}

function splitKey(key: string): { readonly host: string; readonly path: string } {
  const scheme = /^https?:\/\//i.exec(key)?.[0] ?? '';
  const rest = key.slice(scheme.length);
  const slash = rest.indexOf('/');
  const host = slash < 0 ? rest : rest.slice(0, slash);
  const tail = slash < 0 ? '' : rest.slice(slash + 1);
  let end = tail.length;
  while (end > 0 && tail.charAt(end - 1) === '/') end -= 1;
  const path = tail.slice(0, end);
  // The path of a URL is the API version, not a namespace.
  return { host, path: scheme !== '' || path === 'v1' || path === 'v2' ? '' : path };
}
