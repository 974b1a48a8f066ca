/** The routes of the distribution specification, with injected faults. */
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { RegistryGate } from './registry-access.ts';
import type { FaultSwitches } from './registry-faults.ts';
import type { RegistryStore } from './registry-store.ts';
import { serveBlob } from './serve-blob.ts';
import { serveProductList, type ProductListParts } from './serve-product-lists.ts';
import { serveCatalog, serveReferrers, serveTags } from './serve-lists.ts';
import { readWhole, sendError, UploadHandler } from './serve-uploads.ts';

export interface HandlerParts extends Pick<ProductListParts, 'access' | 'now'> {
  readonly store: RegistryStore;
  readonly faults: FaultSwitches;
  readonly gate: RegistryGate;
  readonly dripMs: number;
  readonly retryAfterSeconds: number;
  readonly maxBytes: number;
  origin(): string;
  storageOrigin(): string;
}

const route = /^\/v2\/(.+)\/(manifests|blobs\/uploads|blobs|tags|referrers)\/(.*)$/;

interface Place {
  readonly name: string;
  readonly kind: string;
  readonly rest: string;
  readonly url: URL;
}

export class RegistryHandler {
  readonly #parts: HandlerParts;
  readonly #uploads: UploadHandler;
  #manifestRead = false;

  constructor(parts: HandlerParts) {
    this.#parts = parts;
    this.#uploads = new UploadHandler(parts);
  }

  readonly handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', this.#parts.origin());
    if (url.pathname === '/token') return this.#issueToken(request, response, url);
    if (await serveProductList(request, response, { ...this.#parts, url })) return;
    if (this.#injectFault(request, response)) return;
    const [, name = '', kind = '', rest = ''] = route.exec(url.pathname) ?? [];
    const scope = scopeOf(request, url, name);
    const { authorization } = request.headers;
    const challenges = this.#parts.gate.check(scope, authorization, this.#parts.origin());
    response.setHeader('docker-distribution-api-version', 'registry/2.0');
    if (challenges !== undefined) {
      response.setHeader('www-authenticate', challenges);
      const echo = this.#parts.faults.happens('echo-secrets') ? authorization : undefined;
      sendError(response, 401, echo ?? 'UNAUTHORIZED');
    } else if (this.#parts.faults.happens('echo-refusal')) {
      sendError(response, 400, authorization ?? 'UNSUPPORTED');
    } else if (url.pathname === '/v2/') response.end('{}');
    else if (url.pathname === '/v2/_catalog') serveCatalog(response, { ...this.#parts, url });
    else await this.#dispatch(request, response, { name, kind, rest, url });
  };

  /** The storage host of redirects: serves blobs for signed URLs. */
  readonly handleStorage = async (
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    const url = new URL(request.url ?? '/', this.#parts.storageOrigin());
    const digest = url.pathname.replace(/^\/storage\//, '');
    const bytes = this.#parts.store.blobs.get(digest);
    // Storage refuses unsigned requests, and credentials together with a signature.
    const isSigned = url.searchParams.get('signature') === 'good';
    if (!isSigned || request.headers.authorization !== undefined) {
      response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>');
    } else if (bytes === undefined) response.writeHead(404).end();
    else await serveBlob(request, response, this.#blobOptions(digest, bytes));
  };

  async #dispatch(request: IncomingMessage, response: ServerResponse, place: Place): Promise<void> {
    const { name, kind, rest, url } = place;
    const parts = { ...this.#parts, url };
    if (kind === 'tags' && rest === 'list') serveTags(response, name, parts);
    else if (kind === 'referrers') serveReferrers(response, { name, digest: rest }, parts);
    else if (kind === 'blobs/uploads') {
      const upload = { name, id: rest, query: url.searchParams };
      await this.#uploads.handleBlob(request, response, upload);
    } else if (kind === 'blobs') await this.#sendBlob(request, response, rest);
    else if (kind === 'manifests' && request.method === 'PUT') {
      await this.#uploads.handleManifest(request, response, { name, reference: rest });
    } else if (kind === 'manifests') this.#sendManifest(request, response, place);
    else sendError(response, 404, 'NAME_UNKNOWN');
  }

  /** Faults that apply to any request. */
  #injectFault(request: IncomingMessage, response: ServerResponse): boolean {
    const { faults, retryAfterSeconds } = this.#parts;
    if (faults.happens('connection-reset')) {
      request.socket.destroy();
      return true;
    }
    const slow = faults.happens('too-many-requests');
    if (slow || faults.happens('long-pause')) {
      response.setHeader('retry-after', slow ? retryAfterSeconds : 86_400);
      response.writeHead(429).end('too many requests\n');
      return true;
    }
    if (!faults.happens('flapping')) return false;
    response.writeHead(503).end('<html>try later</html>');
    return true;
  }

  #sendManifest(request: IncomingMessage, response: ServerResponse, place: Place): void {
    const { store, faults } = this.#parts;
    const { name, rest: reference } = place;
    if (request.method === 'DELETE') {
      this.#deleteManifest(response, name, reference);
      return;
    }
    const found = store.find(name, reference);
    if (faults.happens('hidden-manifest')) {
      sendError(response, 404, 'NAME_UNKNOWN');
      return;
    }
    if (found === undefined) {
      sendError(response, 404, 'MANIFEST_UNKNOWN');
      return;
    }
    if (faults.happens('refused-manifest', found.digest)) {
      sendError(response, 403, 'DENIED');
      return;
    }
    this.#manifestRead = true;
    const isTag = !reference.includes(':');
    if (isTag && faults.happens('moving-tag')) moveTag(store, name, reference);
    const changed = faults.happens('changed-manifest');
    const bytes = changed ? Buffer.concat([found.bytes, Buffer.from(' ')]) : found.bytes;
    const isIndex = /index|manifest\.list/.test(found.mediaType);
    const other = `application/vnd.oci.image.${isIndex ? 'manifest' : 'index'}.v1+json`;
    const wrong = faults.happens('wrong-content-type');
    response.setHeader('content-type', wrong ? other : found.mediaType);
    response.setHeader('content-length', bytes.length);
    const said = faults.happens('wrong-digest-header') ? `sha256:${'0'.repeat(64)}` : found.digest;
    if (!faults.happens('no-digest-header')) response.setHeader('docker-content-digest', said);
    response.end(request.method === 'HEAD' ? undefined : bytes);
  }

  /** By digest only, with all tags of it, as Distribution 2.8 does. */
  #deleteManifest(response: ServerResponse, name: string, reference: string): void {
    const { store, faults } = this.#parts;
    const repository = store.repositories.get(name);
    if (faults.happens('moving-tag-on-delete')) moveTags(store, name, reference);
    if (faults.happens('no-deletion')) sendError(response, 405, 'UNSUPPORTED');
    else if (faults.happens('refused-deletion')) sendError(response, 403, 'DENIED');
    else if (faults.happens('ignored-deletion')) response.writeHead(202).end();
    else if (faults.happens('tag-deletion') && repository?.tags.delete(reference) === true) {
      response.writeHead(202).end();
    } else if (!reference.includes(':')) sendError(response, 400, 'DIGEST_INVALID');
    else if (repository?.manifests.delete(reference) !== true) {
      sendError(response, 404, 'MANIFEST_UNKNOWN');
    } else {
      for (const [tag, digest] of repository.tags) {
        if (digest === reference) repository.tags.delete(tag);
      }
      response.writeHead(202).end();
    }
  }

  async #sendBlob(
    request: IncomingMessage,
    response: ServerResponse,
    digest: string,
  ): Promise<void> {
    const { store, faults, storageOrigin } = this.#parts;
    const bytes = store.blobs.get(digest);
    const deleted = this.#manifestRead && faults.happens('deleted-during-scan');
    const sizes = [...store.blobs.values()].map((one) => one.length);
    const isSmallest = bytes !== undefined && bytes.length === Math.min(...sizes);
    if (bytes === undefined || deleted || (isSmallest && faults.happens('missing-config'))) {
      sendError(response, 404, 'BLOB_UNKNOWN');
      return;
    }
    const target = this.#redirect(digest, storageOrigin());
    if (request.method === 'HEAD' || target === undefined) {
      await serveBlob(request, response, this.#blobOptions(digest, bytes));
    } else response.writeHead(307, { location: target }).end();
  }

  #redirect(digest: string, storage: string): string | undefined {
    const { faults } = this.#parts;
    if (faults.happens('endless-redirect')) return `/v2/x/blobs/${digest}`;
    if (faults.happens('redirect-inside')) return `https://169.254.169.254/storage/${digest}`;
    if (faults.happens('expired-redirect')) return `${storage}/storage/${digest}?signature=old`;
    if (faults.happens('redirect-elsewhere')) return `${storage}/storage/${digest}?signature=good`;
    return undefined;
  }

  #blobOptions(digest: string, bytes: Buffer) {
    const { faults, dripMs, gate } = this.#parts;
    return { digest, bytes, faults, dripMs, onExpiry: () => gate.revoke() };
  }

  async #issueToken(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const { method = 'GET', headers } = request;
    const form = method === 'POST' ? (await readWhole(request, 65_536)).toString('utf8') : '';
    const fields = method === 'POST' ? new URLSearchParams(form) : url.searchParams;
    const { authorization } = headers;
    const { status, body } = this.#parts.gate.issue({ method, fields, authorization });
    response.setHeader('content-type', 'application/json');
    response.writeHead(status).end(JSON.stringify(body));
  }
}

function scopeOf(request: IncomingMessage, { pathname }: URL, name: string): string {
  if (pathname === '/v2/') return '';
  if (pathname === '/v2/_catalog') return 'registry:catalog:*';
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  const action = request.method === 'DELETE' ? 'delete' : 'push';
  return `repository:${name}:${isRead ? 'pull' : action}`;
}

/** Moves the tags of a manifest to another one of the repository. */
function moveTags(store: RegistryStore, name: string, digest: string): void {
  const { manifests, tags } = store.repository(name);
  const other = [...manifests.keys()].find((one) => one !== digest);
  if (other === undefined) return;
  for (const [tag, points] of tags) if (points === digest) tags.set(tag, other);
}

/** Moves a tag to the next manifest of the repository, cyclically. */
function moveTag(store: RegistryStore, name: string, tag: string): void {
  const { manifests, tags } = store.repository(name);
  const digests = [...manifests.keys()];
  const at = digests.indexOf(tags.get(tag) ?? '');
  const next = digests[(at + 1) % digests.length];
  if (next !== undefined) tags.set(tag, next);
}
