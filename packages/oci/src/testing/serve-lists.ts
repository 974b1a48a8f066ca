/** Serves tags, the catalog and referrers, in pages. */
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { FaultSwitches } from './registry-faults.ts';
import type { RegistryStore } from './registry-store.ts';
import { sendError } from './serve-uploads.ts';

export interface ListParts {
  readonly store: RegistryStore;
  readonly faults: FaultSwitches;
  readonly url: URL;
}

export function serveTags(response: ServerResponse, name: string, parts: ListParts): void {
  const repository = parts.store.repositories.get(name);
  if (repository === undefined) {
    sendError(response, 404, 'NAME_UNKNOWN');
    return;
  }
  const page = choosePage(response, [...repository.tags.keys()].sort(), parts);
  if (page === undefined) return;
  if (!parts.faults.happens('listed-digests')) {
    sendJson(response, { name, tags: repository.tags.size === 0 ? null : page });
    return;
  }
  const listed = Map.groupBy(page, (tag) => repository.tags.get(tag) ?? '');
  const manifest = Object.fromEntries([...listed].map(([digest, tag]) => [digest, { tag }]));
  sendJson(response, { name, tags: page, manifest });
}

export function serveCatalog(response: ServerResponse, parts: ListParts): void {
  if (parts.faults.happens('no-catalog')) {
    sendError(response, 404, 'UNSUPPORTED');
    return;
  }
  const page = choosePage(response, [...parts.store.repositories.keys()].sort(), parts);
  if (page !== undefined) sendJson(response, { repositories: page });
}

/** Every manifest of the repository whose `subject` is the digest. */
export function serveReferrers(
  response: ServerResponse,
  place: { readonly name: string; readonly digest: string },
  { store, faults }: ListParts,
): void {
  if (faults.happens('no-referrers')) {
    sendError(response, 404, 'UNSUPPORTED');
    return;
  }
  const manifests = store.repositories.get(place.name)?.manifests ?? new Map();
  const found = [...manifests].flatMap(([digest, { bytes, mediaType }]) => {
    const { subject, artifactType, config, annotations } = JSON.parse(bytes.toString('utf8')) as {
      subject?: { digest?: string };
      artifactType?: string;
      config?: { mediaType?: string };
      annotations?: unknown;
    };
    if (subject?.digest !== place.digest) return [];
    const type = artifactType ?? config?.mediaType;
    return [{ mediaType, digest, size: bytes.length, artifactType: type, annotations }];
  });
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  response.setHeader('content-type', mediaType);
  response.end(JSON.stringify({ schemaVersion: 2, mediaType, manifests: found }));
}

/** One page of sorted names, with the link to the next; undefined after an error was sent. */
function choosePage(
  response: ServerResponse,
  names: readonly string[],
  { faults, url }: ListParts,
): readonly string[] | undefined {
  const last = url.searchParams.get('last');
  const asked = Number(url.searchParams.get('n') ?? 100);
  if (faults.happens('all-at-once')) return names;
  if (last !== null && faults.happens('broken-page')) {
    sendError(response, 400, 'UNKNOWN');
    return undefined;
  }
  const size = faults.happens('short-pages') ? Math.max(1, asked >> 1) : asked;
  const rest = last === null ? names : names.filter((name) => name > last);
  const page = rest.slice(0, size);
  const isLast = rest.length <= size;
  const from = isLast ? undefined : page.at(-1);
  if (from !== undefined && !faults.happens('no-links')) {
    const query = new URLSearchParams({ n: String(asked), last: from });
    const origin = faults.happens('foreign-link') ? 'https://elsewhere.invalid' : '';
    response.setHeader('link', `<${origin}${url.pathname}?${query.toString()}>; rel="next"`);
  }
  if (from === undefined && faults.happens('endless-pages')) {
    response.setHeader('link', `<${url.pathname}?n=${asked}>; rel="next"`);
  }
  return page;
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(value));
}

/** A recorded request, for tests. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
  readonly accept: string | undefined;
  readonly status: () => number;
}

export function recordRequest(request: IncomingMessage, response: ServerResponse): SeenRequest {
  const { authorization, range, accept, host = '' } = request.headers;
  const { method = '', url: path = '' } = request;
  return { method, path, host, authorization, range, accept, status: () => response.statusCode };
}
