/**
 * Decompresses stored layers and archives. The compression is detected from the content, never from
 * a media type: a layer wrongly declared as gzip would otherwise be skipped. Chunks are large
 * because zlib at its default of 16 KiB runs at half the speed (bench/inspect/RESULTS.md).
 */
import type { Transform } from 'node:stream';
import { constants, createGunzip, createZstdDecompress } from 'node:zlib';

import { isSkippableFrame, magicOf, startsWith } from '../format/magic.ts';
import { InflateError, nativeInflate } from './native-inflate.ts';
import type { NativeInflate } from './native-inflate.ts';
import { releaseMemory } from './release-memory.ts';

export type Compression = 'none' | 'gzip' | 'zstd' | 'bzip2' | 'xz';

/** A stored stream that cannot be inflated to its end. */
export class CompressionError extends Error {
  readonly code: 'damaged' | 'unsupported' | 'ratio' | 'too_large';

  constructor(code: CompressionError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CompressionError';
    this.code = code;
  }
}

export interface DecompressLimits {
  /** Plain bytes in all. */
  readonly totalBytes: number;
  /** Plain bytes for each stored one, checked above `freeBytes`. */
  readonly ratio: number;
  readonly freeBytes: number;
}

export interface DecompressOptions {
  /** Whether gzip is inflated by a library of the system if installed; true unless given. */
  readonly useNative?: boolean | undefined;
}

export interface Decompressed {
  readonly compression: Compression;
  /** Plain bytes; throws CompressionError and whatever the stored stream throws. */
  readonly plain: AsyncIterable<Uint8Array>;
}

const chunkBytes = 4 * 1024 * 1024;
/** 128 MiB, the window that zstd accepts by default; frames may require 2 GiB. */
const zstdWindowLog = 27;

/**
 * Detects the compression of a stored stream and returns its decompressed bytes. gzip may have
 * several members, zstd several and skippable frames. bzip2 and xz are detected and refused: no
 * image format allows them for layers.
 */
export async function decompress(
  stored: AsyncIterable<Uint8Array>,
  bounds: DecompressLimits,
  { useNative = true }: DecompressOptions = {},
): Promise<Decompressed> {
  const iterator = stored[Symbol.asyncIterator]();
  const head = await firstBytes(iterator);
  const compression = sniffCompression(head);
  const counter = { storedBytes: 0 };
  const whole = count(continued(head, iterator), counter);
  const native = compression === 'gzip' && useNative ? await nativeInflate() : undefined;
  return { compression, plain: inflate(whole, { compression, counter, bounds, native }) };
}

/** By magic bytes; `none` when none matches. A gzip header is enough, whatever its method. */
export function sniffCompression(head: Buffer): Compression {
  if (head.length >= 2 && head.readUInt16BE(0) === 0x1f8b) return 'gzip';
  if (head.length < 4) return 'none';
  if (isSkippableFrame(head) || hasMagic(head, 'zstd')) return 'zstd';
  if (head.toString('latin1', 0, 3) === 'BZh') return 'bzip2';
  return hasMagic(head, 'xz') ? 'xz' : 'none';
}

const magics = new Map(['zstd', 'xz'].map((format) => [format, magicOf(format)]));

function hasMagic(head: Buffer, format: 'zstd' | 'xz'): boolean {
  return magics.get(format)?.some((magic) => startsWith(head, magic)) === true;
}

/** At least six bytes, unless the stream is shorter. */
async function firstBytes(iterator: AsyncIterator<Uint8Array>): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < 6) {
    // Copied, because the owner of the chunk may reuse its memory.
    if (head.length > 0) head = Buffer.from(head);
    const next = await iterator.next();
    if (next.done === true) return head;
    const { buffer, byteOffset, byteLength } = next.value;
    const piece = Buffer.from(buffer, byteOffset, byteLength);
    head = head.length === 0 ? piece : Buffer.concat([head, piece]);
  }
  return head;
}

async function* continued(
  head: Buffer,
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let ended = false;
  try {
    if (head.length > 0) yield head;
    for (;;) {
      const next = await iterator.next();
      if (next.done === true) break;
      yield next.value;
    }
    ended = true;
  } finally {
    if (!ended) await iterator.return?.();
  }
}

interface Counter {
  storedBytes: number;
}

async function* count(
  stream: AsyncIterable<Uint8Array>,
  counter: Counter,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of stream) {
    counter.storedBytes += chunk.length;
    yield chunk;
  }
}

interface InflateOptions {
  readonly compression: Compression;
  readonly counter: Counter;
  readonly bounds: DecompressLimits;
  readonly native: NativeInflate | undefined;
}

async function* inflate(
  stored: AsyncIterable<Uint8Array>,
  { compression, counter, bounds, native }: InflateOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (compression === 'bzip2' || compression === 'xz') {
    throw new CompressionError(
      'unsupported',
      `${compression} compression is not supported (expected gzip or zstd)`,
    );
  }
  const plain = decoded(stored, compression, native);
  let total = 0;
  for await (const chunk of plain) {
    total += chunk.length;
    if (total > bounds.totalBytes) {
      throw new CompressionError('too_large', `more than ${bounds.totalBytes} bytes`);
    }
    if (total > bounds.freeBytes && total > counter.storedBytes * bounds.ratio) {
      const message = `${total} bytes out of ${counter.storedBytes}: more than ${bounds.ratio} to 1`;
      throw new CompressionError('ratio', message);
    }
    yield chunk;
  }
}

function decoded(
  stored: AsyncIterable<Uint8Array>,
  compression: 'none' | 'gzip' | 'zstd',
  native: NativeInflate | undefined,
): AsyncIterable<Uint8Array> {
  if (compression === 'none') return stored;
  if (native !== undefined) return natively(stored, native);
  return through(stored, decoder(compression));
}

async function* natively(
  stored: AsyncIterable<Uint8Array>,
  native: NativeInflate,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* native.gunzip(stored);
  } catch (error) {
    if (!(error instanceof InflateError)) throw error;
    throw damaged(error);
  }
}

function damaged(error: Error): CompressionError {
  return new CompressionError('damaged', `cannot be inflated: ${error.message}`, { cause: error });
}

function decoder(compression: 'gzip' | 'zstd'): Transform {
  if (compression === 'gzip') return createGunzip({ chunkSize: chunkBytes });
  const params = { [constants.ZSTD_d_windowLogMax]: zstdWindowLog };
  return createZstdDecompress({ chunkSize: chunkBytes, params });
}

/** zlib continues in the same memory until it is full: only the last chunk in it may release it. */
function release(chunk: Buffer): void {
  if (chunk.buffer.byteLength === chunkBytes) releaseMemory(chunk);
}

/** Errors of zlib become CompressionErrors; those of the stored stream are unchanged. */
async function* through(
  stored: AsyncIterable<Uint8Array>,
  transform: Transform,
): AsyncGenerator<Uint8Array, void, undefined> {
  const source: { failure?: unknown } = {};
  const fed = feed(stored, transform).catch((error: unknown) => {
    source.failure = error;
    transform.destroy(error instanceof Error ? error : new Error('the stored stream failed'));
  });
  try {
    for await (const chunk of transform) {
      yield chunk as Buffer;
      release(chunk as Buffer);
    }
  } catch (error) {
    if ('failure' in source) throw source.failure;
    if (!(error instanceof Error)) throw error;
    throw damaged(error);
  } finally {
    transform.destroy();
    await fed;
  }
}

/**
 * Writes one chunk at a time: when the next one is requested, zlib is done with the previous one.
 */
async function feed(stored: AsyncIterable<Uint8Array>, transform: Transform): Promise<void> {
  for await (const chunk of stored) {
    if (transform.destroyed) return;
    await new Promise<void>((resolve) => {
      transform.once('close', resolve);
      transform.write(chunk, () => {
        transform.off('close', resolve);
        resolve();
      });
    });
  }
  transform.end();
}
