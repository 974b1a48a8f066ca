/**
 * Pushes a blob: nothing when the repository has it, a mount from another repository where that is
 * possible, one request for a small blob, chunks for a large one. After a lost connection an upload
 * in chunks continues where the registry says, and otherwise starts again.
 */
import { ociLimits } from '../limits.ts';
import { SourceError, TransientError } from '../source-error.ts';
import type { RequestBody } from './http/transport.ts';
import { hasBlob } from './registry-blob.ts';
import type { RegistryAnswer, RegistryClient } from './registry-client.ts';

export interface BlobUpload {
  readonly repository: string;
  readonly digest: string;
  readonly sizeBytes: number;
  /** The bytes from `start` to before `end`; called again after a lost connection. */
  open(start: number, end: number): AsyncIterable<Uint8Array>;
  /** Repository of the same registry that has the blob. */
  readonly mountFrom?: string | undefined;
  /** Instead of the default. */
  readonly chunkBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type BlobPushResult = 'existed' | 'mounted' | 'pushed';

/** Throws SourceError, and what the source of the bytes throws. */
export async function pushBlob(
  client: RegistryClient,
  upload: BlobUpload,
): Promise<BlobPushResult> {
  if (await hasBlob(client, upload)) return 'existed';
  const { chunkBytes = ociLimits.registryChunkBytes, signal } = upload;
  return client.repeat(async () => {
    const begun = await begin(client, upload);
    if (begun === undefined) return 'mounted';
    if (upload.sizeBytes <= chunkBytes) await pushWhole(client, upload, begun);
    else await new ChunkedUpload(client, upload, begun).run(chunkBytes);
    return 'pushed';
  }, signal);
}

/** Where the upload continues, as a path at the registry. */
interface Begun {
  readonly path: string;
  /** Smallest chunk that the registry accepts. */
  readonly minBytes: number;
}

/** Undefined when the blob was mounted. */
async function begin(client: RegistryClient, upload: BlobUpload): Promise<Begun | undefined> {
  const { repository, digest, mountFrom, signal } = upload;
  const what = describe(client, upload);
  const query =
    mountFrom === undefined
      ? ''
      : `?${new URLSearchParams({ mount: digest, from: mountFrom }).toString()}`;
  const path = `/v2/${repository}/blobs/uploads/${query}`;
  const answer = await client.send({
    ...{ method: 'POST', path, repository, what, signal, body: noBytes },
  });
  if (answer.status === 201) {
    answer.drop();
    return undefined;
  }
  const next = await accepted(client, answer, { what, expected: 202 });
  const said = Number(answer.header('oci-chunk-min-length')[0] ?? 0);
  return { path: next, minBytes: Number.isSafeInteger(said) && said > 0 ? said : 0 };
}

async function pushWhole(
  client: RegistryClient,
  upload: BlobUpload,
  { path }: Begun,
): Promise<void> {
  const { sizeBytes } = upload;
  await finish(client, upload, {
    path,
    body: { sizeBytes, open: () => upload.open(0, sizeBytes) },
  });
}

async function finish(
  client: RegistryClient,
  upload: BlobUpload,
  { path, body }: { readonly path: string; readonly body: RequestBody },
): Promise<void> {
  const { repository, digest, signal } = upload;
  const what = describe(client, upload);
  const url = await client.resolve(path);
  url.searchParams.set('digest', digest);
  const answer = await client.send({
    ...{ method: 'PUT', path: `${url.pathname}${url.search}`, repository, what, signal, body },
    headers: { 'content-type': 'application/octet-stream' },
  });
  if (answer.status !== 201) throw await refuseUpload(client, answer, what);
  answer.drop();
  const stored = answer.header('docker-content-digest')[0];
  if (stored !== undefined && stored !== digest) {
    throw new SourceError('digest_mismatch', `${what} was stored as ${stored}`);
  }
}

class ChunkedUpload {
  readonly #client: RegistryClient;
  readonly #upload: BlobUpload;
  readonly #minBytes: number;
  #path: string;
  #at = 0;
  #attempts = 0;

  constructor(client: RegistryClient, upload: BlobUpload, begun: Begun) {
    this.#client = client;
    this.#upload = upload;
    this.#path = begun.path;
    this.#minBytes = begun.minBytes;
  }

  async run(chunkBytes: number): Promise<void> {
    const { sizeBytes, signal } = this.#upload;
    while (this.#at < sizeBytes) {
      try {
        await this.#push(Math.max(chunkBytes, this.#minBytes));
        this.#attempts = 0;
      } catch (error) {
        if (!(error instanceof TransientError)) throw error;
        if (this.#attempts >= ociLimits.registryRetries) throw error;
        await this.#client.pause(error, this.#attempts, signal);
        this.#attempts += 1;
        await this.#locate();
      }
    }
    await finish(this.#client, this.#upload, { path: this.#path, body: noBytes });
  }

  async #push(chunkBytes: number): Promise<void> {
    const { repository, sizeBytes, signal } = this.#upload;
    const what = describe(this.#client, this.#upload);
    const start = this.#at;
    const end = Math.min(sizeBytes, start + chunkBytes);
    const answer = await this.#client.send({
      ...{ method: 'PATCH', path: this.#path, repository, what, signal },
      headers: {
        'content-type': 'application/octet-stream',
        'content-range': `${start}-${end - 1}`,
      },
      body: { sizeBytes: end - start, open: () => this.#upload.open(start, end) },
    });
    this.#path = await accepted(this.#client, answer, { what, expected: 202 });
    this.#at = end;
  }

  /** Asks how much arrived. An upload that the registry forgot starts again. */
  async #locate(): Promise<void> {
    const { repository, sizeBytes, signal } = this.#upload;
    const what = describe(this.#client, this.#upload);
    const request = { path: this.#path, repository, what, signal };
    const answer = await this.#client.send(request);
    answer.drop();
    const [, last] = /^0-(\d{1,16})$/.exec(answer.header('range')[0] ?? '') ?? [];
    if (answer.status !== 204 || last === undefined) {
      throw new TransientError('unreachable', `${what} cannot be continued`);
    }
    const location = answer.header('location')[0];
    if (location !== undefined) this.#path = await pathOf(this.#client, location);
    // `0-0` is nothing: registries write it before the first byte.
    this.#at = last === '0' ? 0 : Math.min(Number(last) + 1, sizeBytes);
  }
}

/** The path at which an accepted upload continues. */
async function accepted(
  client: RegistryClient,
  answer: RegistryAnswer,
  { what, expected }: { readonly what: string; readonly expected: number },
): Promise<string> {
  if (answer.status !== expected) throw await refuseUpload(client, answer, what);
  answer.drop();
  const location = answer.header('location')[0];
  if (location !== undefined) return pathOf(client, location);
  throw new SourceError('damaged', `${what}: the response has no Location`);
}

/** An upload that is gone or out of step may succeed when it starts again. */
async function refuseUpload(
  client: RegistryClient,
  answer: RegistryAnswer,
  what: string,
): Promise<SourceError> {
  const { code, message } = await client.refuse(answer, what);
  const isLost = answer.status === 404 || answer.status === 416;
  return isLost ? new TransientError('unreachable', message) : new SourceError(code, message);
}

async function pathOf(client: RegistryClient, location: string): Promise<string> {
  const { pathname, search } = await client.resolve(location);
  return `${pathname}${search}`;
}

const noBytes: RequestBody = {
  sizeBytes: 0,
  async *open() {
    // An empty body has the header Content-Length: 0, which registries require.
  },
};

function describe({ host }: RegistryClient, { repository, digest }: BlobUpload): string {
  return `the upload of ${repository}@${digest} to ${host}`;
}
