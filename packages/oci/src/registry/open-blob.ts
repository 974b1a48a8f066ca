/**
 * The bytes of a blob as one stream across lost connections: it resumes with a Range request where
 * the registry supports it, and otherwise skips the bytes already delivered.
 */

import { ociLimits } from '../limits.ts';
import { SourceError, TransientError } from '../source-error.ts';
import type { Clock } from './http/clock.ts';

/** The server that provides the bytes: a registry, or the host of a foreign layer. */
export interface BlobServer {
  send(headers: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<BlobAnswer>;
  pause(error: TransientError, attempt: number, signal?: AbortSignal): Promise<void>;
  refuse(answer: BlobAnswer): Promise<SourceError>;
}

export interface BlobAnswer {
  readonly status: number;
  header(name: string): readonly string[];
  readonly body: AsyncIterable<Uint8Array>;
  readonly redirected: boolean;
  drop(): void;
}

export interface BlobOptions {
  readonly server: BlobServer;
  /** As stated in the manifest; any other size is an error. */
  readonly sizeBytes: number;
  /** For messages. */
  readonly what: string;
  readonly clock: Clock;
  readonly idleMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits for the first response, so that a missing blob is reported before anything is read. Throws
 * SourceError: `damaged` when the size differs from the manifest, or the refusal of the registry.
 */
export async function openBlob(options: BlobOptions): Promise<AsyncIterable<Uint8Array>> {
  const download = new Download(options);
  const first = await download.begin();
  return download.stream(first);
}

class Download {
  readonly #options: BlobOptions;
  #delivered = 0;
  #etag: string | undefined;
  /** Attempts since the last new byte. */
  #attemptsWithoutProgress = 0;
  #attempts = 0;

  constructor(options: BlobOptions) {
    this.#options = options;
  }

  async *stream(first: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    let body = first;
    for (;;) {
      try {
        yield* this.#deliver(body);
        if (this.#delivered === this.#options.sizeBytes) return;
        throw new TransientError('unreachable', `${this.#options.what} ended early`);
      } catch (error) {
        await this.#pause(error);
      }
      body = await this.begin();
    }
  }

  /** A response whose body continues at the current position. */
  async begin(): Promise<AsyncIterable<Uint8Array>> {
    for (;;) {
      try {
        return await this.#ask();
      } catch (error) {
        await this.#pause(error);
      }
    }
  }

  async #ask(): Promise<AsyncIterable<Uint8Array>> {
    const { server, signal, sizeBytes, what } = this.#options;
    const from = this.#delivered;
    const range = from === 0 ? {} : { range: `bytes=${from}-`, ...this.#condition() };
    const answer = await server.send(range, signal);
    try {
      if (answer.status === 200) return this.#checkWhole(answer);
      if (answer.status === 206 && from > 0) return this.#checkPart(answer);
    } catch (error) {
      answer.drop();
      throw error;
    }
    if (answer.status === 416) {
      answer.drop();
      throw new SourceError('damaged', `${what} is shorter than its manifest's ${sizeBytes} bytes`);
    }
    throw await server.refuse(answer);
  }

  /** With a strong validator a changed blob starts over. */
  #condition(): Readonly<Record<string, string>> {
    return this.#etag === undefined ? {} : { 'if-range': this.#etag };
  }

  #checkWhole(answer: BlobAnswer): AsyncIterable<Uint8Array> {
    const { sizeBytes } = this.#options;
    const encoding = answer.header('content-encoding')[0] ?? 'identity';
    if (encoding !== 'identity') throw this.#damaged(`unsupported Content-Encoding ${encoding}`);
    const length = answer.header('content-length')[0];
    if (length !== undefined && Number(length) !== sizeBytes) {
      throw this.#damaged(
        `size mismatch: expected ${sizeBytes} bytes as in its manifest, got ${length}`,
      );
    }
    const etag = answer.header('etag')[0];
    this.#etag = etag?.startsWith('"') === true ? etag : undefined;
    return skipBytes(answer.body, this.#delivered);
  }

  #checkPart(answer: BlobAnswer): AsyncIterable<Uint8Array> {
    const { sizeBytes } = this.#options;
    const range = answer.header('content-range')[0] ?? '';
    const [, first, total] = /^bytes (\d{1,16})-\d{1,16}\/(\d{1,16}|\*)$/.exec(range) ?? [];
    if (first === undefined || Number(first) !== this.#delivered) {
      throw this.#damaged(`requested from byte ${this.#delivered}, got Content-Range "${range}"`);
    }
    if (total !== '*' && Number(total) !== sizeBytes) {
      throw this.#damaged(
        `size mismatch: expected ${sizeBytes} bytes as in its manifest, got ${total}`,
      );
    }
    return answer.body;
  }

  async *#deliver(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    const { sizeBytes, clock, idleMs = ociLimits.registryIdleMs } = this.#options;
    for await (const chunk of watchProgress(body, { clock, idleMs, what: this.#options.what })) {
      if (chunk.length === 0) continue;
      if (this.#delivered + chunk.length > sizeBytes) {
        throw this.#damaged(`more than the ${sizeBytes} bytes stated in its manifest`);
      }
      this.#delivered += chunk.length;
      this.#attemptsWithoutProgress = 0;
      yield chunk;
    }
  }

  async #pause(error: unknown): Promise<void> {
    const { server, signal } = this.#options;
    signal?.throwIfAborted();
    const attempt = this.#attemptsWithoutProgress;
    this.#attemptsWithoutProgress += 1;
    this.#attempts += 1;
    const spent =
      attempt >= ociLimits.registryRetries || this.#attempts > ociLimits.registryResumes;
    if (!(error instanceof TransientError) || spent) throw error;
    await server.pause(error, attempt, signal);
  }

  #damaged(why: string): SourceError {
    return new SourceError('damaged', `${this.#options.what}: ${why}`);
  }
}

async function* skipBytes(
  body: AsyncIterable<Uint8Array>,
  sizeBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let missing = sizeBytes;
  for await (const chunk of body) {
    if (missing < chunk.length) yield missing === 0 ? chunk : chunk.subarray(missing);
    missing = Math.max(0, missing - chunk.length);
  }
}

interface Progress {
  readonly clock: Clock;
  readonly idleMs: number;
  readonly what: string;
}

/**
 * Detects servers that send too slowly but never go idle. Only time spent waiting for the server
 * counts, so that a slow reader is not mistaken for a slow server.
 */
async function* watchProgress(
  body: AsyncIterable<Uint8Array>,
  { clock, idleMs, what }: Progress,
): AsyncGenerator<Uint8Array, void, undefined> {
  let waitedMs = 0;
  let gotBytes = 0;
  let since = clock.now();
  for await (const chunk of body) {
    waitedMs += clock.now() - since;
    gotBytes += chunk.length;
    if (waitedMs >= idleMs) {
      if (gotBytes < ociLimits.registryProgressBytes) {
        throw new TransientError('unreachable', `${what}: transfer is too slow`);
      }
      waitedMs = 0;
      gotBytes = 0;
    }
    yield chunk;
    since = clock.now();
  }
}
