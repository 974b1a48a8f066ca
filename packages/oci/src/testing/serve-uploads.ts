/** Handles pushes: blobs in one or several chunks, mounts, and manifests. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { FaultSwitches } from './registry-faults.ts';
import { digestOf, manifestType, type RegistryStore } from './registry-store.ts';

export class UploadHandler {
  readonly #store: RegistryStore;
  readonly #maxBytes: number;
  readonly #faults: FaultSwitches;
  readonly #open = new Map<string, Buffer[]>();

  constructor(parts: {
    readonly store: RegistryStore;
    readonly maxBytes: number;
    readonly faults: FaultSwitches;
  }) {
    this.#store = parts.store;
    this.#maxBytes = parts.maxBytes;
    this.#faults = parts.faults;
  }

  /** `/v2/<name>/blobs/uploads/[id]`. */
  async handleBlob(
    request: IncomingMessage,
    response: ServerResponse,
    place: { readonly name: string; readonly id: string; readonly query: URLSearchParams },
  ): Promise<void> {
    const { name, id, query } = place;
    if (request.method === 'POST') return this.#begin(request, response, { name, query });
    if (this.#faults.happens('lost-upload')) this.#open.delete(id);
    const pieces = this.#open.get(id);
    if (pieces === undefined) {
      sendError(response, 404, 'BLOB_UPLOAD_UNKNOWN');
      return;
    }
    if (request.method === 'DELETE') {
      this.#open.delete(id);
      response.writeHead(204).end();
      return;
    }
    const isBody = request.method === 'PATCH' || request.method === 'PUT';
    if (isBody && request.headers['content-length'] !== '0' && this.#faults.happens('cut-upload')) {
      const received = await readBeginning(request);
      if (request.method === 'PATCH') pieces.push(received);
      request.socket.destroy();
      return;
    }
    const bytes = await readWhole(request, this.#maxBytes);
    const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const [start] = (request.headers['content-range'] ?? `${size}`).split('-');
    if (Number(start) !== size) {
      sendError(response, 416, 'RANGE_INVALID');
      return;
    }
    if (bytes.length > 0) pieces.push(bytes);
    if (request.method !== 'PUT') {
      this.#accept(response, { name, id, status: request.method === 'GET' ? 204 : 202 });
      return;
    }
    this.#open.delete(id);
    this.#finish(response, { name, bytes: Buffer.concat(pieces), digest: query.get('digest') });
  }

  async handleManifest(
    request: IncomingMessage,
    response: ServerResponse,
    place: { readonly name: string; readonly reference: string },
  ): Promise<void> {
    const { name, reference } = place;
    const bytes = await readWhole(request, this.#maxBytes);
    if (this.#faults.happens('refused-push')) {
      sendError(response, 403, 'DENIED');
      return;
    }
    const missing = blobsOf(bytes).find((blob) => !this.#store.blobs.has(blob));
    if (missing !== undefined) {
      sendError(response, 400, 'MANIFEST_BLOB_UNKNOWN');
      return;
    }
    const digest = digestOf(bytes);
    if (reference.includes(':') && reference !== digest) {
      sendError(response, 400, 'DIGEST_INVALID');
      return;
    }
    const type = request.headers['content-type'] ?? manifestType(bytes);
    const mediaType = type ?? 'application/vnd.oci.image.manifest.v1+json';
    this.#store.putManifest(name, reference, { bytes, mediaType });
    response.setHeader('docker-content-digest', digest);
    response.setHeader('location', `/v2/${name}/manifests/${digest}`);
    const subject = subjectOf(bytes);
    if (subject !== undefined && !this.#faults.happens('no-referrers')) {
      response.setHeader('oci-subject', subject);
    }
    response.writeHead(201).end();
  }

  async #begin(
    request: IncomingMessage,
    response: ServerResponse,
    { name, query }: { readonly name: string; readonly query: URLSearchParams },
  ): Promise<void> {
    const mount = query.get('mount');
    if (this.#faults.happens('redirected-upload')) {
      response.writeHead(307, { location: 'https://elsewhere.invalid/v2/' }).end();
      return;
    }
    const bytes = await readWhole(request, this.#maxBytes);
    const mountable = mount !== null && !this.#faults.happens('no-mount');
    if (mountable && this.#store.blobs.has(mount)) {
      created(response, name, mount);
      return;
    }
    if (query.has('digest')) {
      this.#finish(response, { name, bytes, digest: query.get('digest') });
      return;
    }
    const id = randomUUID();
    this.#open.set(id, []);
    if (this.#faults.happens('chunk-size')) response.setHeader('oci-chunk-min-length', '100');
    this.#accept(response, { name, id, status: 202 });
  }

  #accept(
    response: ServerResponse,
    { name, id, status }: { name: string; id: string; status: number },
  ): void {
    const pieces = this.#open.get(id) ?? [];
    const sizeBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    response.setHeader('location', `/v2/${name}/blobs/uploads/${id}`);
    response.setHeader('range', `0-${Math.max(0, sizeBytes - 1)}`);
    response.setHeader('docker-upload-uuid', id);
    response.writeHead(status).end();
  }

  #finish(
    response: ServerResponse,
    { name, bytes, digest }: { name: string; bytes: Buffer; digest: string | null },
  ): void {
    if (digestOf(bytes) !== digest) {
      sendError(response, 400, 'DIGEST_INVALID');
      return;
    }
    this.#store.putBlob(bytes);
    created(response, name, digest);
  }
}

export function sendError(response: ServerResponse, status: number, code: string): void {
  const message = code.toLowerCase().replaceAll('_', ' ');
  response.setHeader('content-type', 'application/json');
  response.writeHead(status).end(JSON.stringify({ errors: [{ code, message }] }));
}

export async function readWhole(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    sizeBytes += piece.length;
    if (sizeBytes > maxBytes) throw new Error('the body exceeds the size limit of this registry');
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function created(response: ServerResponse, name: string, digest: string): void {
  response.setHeader('location', `/v2/${name}/blobs/${digest}`);
  response.setHeader('docker-content-digest', digest);
  response.writeHead(201).end();
}

/** Half of the body, or less. */
async function readBeginning(request: IncomingMessage): Promise<Buffer> {
  const half = Number(request.headers['content-length'] ?? 0) >> 1;
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    pieces.push(piece.subarray(0, half - sizeBytes));
    sizeBytes += pieces.at(-1)?.length ?? 0;
    if (sizeBytes >= half) break;
  }
  return Buffer.concat(pieces);
}

/** Configuration and layers of a manifest, without those that are stored elsewhere. */
function blobsOf(bytes: Buffer): string[] {
  try {
    const { config, layers = [] } = JSON.parse(bytes.toString('utf8')) as {
      config?: { digest?: string };
      layers?: { digest?: string; urls?: unknown }[];
    };
    const all = [config, ...layers.filter(({ urls }) => urls === undefined)];
    return all.flatMap((one) => one?.digest ?? []);
  } catch {
    return [];
  }
}

function subjectOf(bytes: Buffer): string | undefined {
  try {
    const { subject } = JSON.parse(bytes.toString('utf8')) as { subject?: { digest?: string } };
    return subject?.digest;
  } catch {
    return undefined;
  }
}
