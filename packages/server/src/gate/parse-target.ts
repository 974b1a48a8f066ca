/** What a request for a path below `/v2/` asks for. Pure. */
import { isTag, parseDigest } from '@lazaret/oci';

import { GateError } from './gate-error.ts';

export type Target =
  | { readonly kind: 'base' }
  | { readonly kind: 'catalog' }
  | { readonly kind: 'tags'; readonly name: string }
  | { readonly kind: 'manifest'; readonly name: string; readonly selector: string }
  | { readonly kind: 'blob'; readonly name: string; readonly digest: string }
  | { readonly kind: 'referrers'; readonly name: string; readonly digest: string };

const isRead: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** Throws GateError: a request that writes, or a path that the specification does not have. */
export function parseTarget(method: string, pathname: string): Target {
  if (!isRead.has(method)) {
    throw new GateError(
      'UNSUPPORTED',
      'this is a gate for pulls only: push to the registry itself, and delete there',
      { headers: { allow: 'GET, HEAD' } },
    );
  }
  const path = decode(pathname);
  if (path === '/v2' || path === '/v2/') return { kind: 'base' };
  if (path === '/v2/_catalog') return { kind: 'catalog' };
  const tags = /^\/v2\/(.+)\/tags\/list$/.exec(path);
  if (tags !== null) return { kind: 'tags', name: tags[1] ?? '' };
  return parseContent(path);
}

function parseContent(path: string): Target {
  const [, name = '', kind, selector = ''] =
    /^\/v2\/(.+)\/(manifests|blobs|referrers)\/([^/]+)$/.exec(path) ?? [];
  if (kind === 'manifests') return { kind: 'manifest', name, selector: checkSelector(selector) };
  if (kind === 'blobs') return { kind: 'blob', name, digest: checkDigest(selector) };
  if (kind === 'referrers') return { kind: 'referrers', name, digest: checkDigest(selector) };
  throw new GateError('NAME_UNKNOWN', `no such path: ${path.slice(0, 200)}`);
}

function decode(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    throw new GateError('NAME_INVALID', 'the path is not well-formed');
  }
}

function checkSelector(selector: string): string {
  if (selector.includes(':')) return checkDigest(selector);
  if (isTag(selector)) return selector;
  throw new GateError('MANIFEST_UNKNOWN', `invalid tag "${selector.slice(0, 128)}"`);
}

function checkDigest(digest: string): string {
  if (parseDigest(digest) !== undefined) return digest;
  throw new GateError(
    'DIGEST_INVALID',
    `invalid digest "${digest.slice(0, 140)}"; expected sha256:HEX, sha384:HEX or sha512:HEX`,
  );
}
