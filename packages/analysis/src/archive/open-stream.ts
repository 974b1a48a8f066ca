/**
 * The one content of a compressed stream. It is kept in memory up to the limit; a longer tar
 * archive is read as a stream, so that its members are still examined.
 */
import { setImmediate } from 'node:timers/promises';
import type { Transform } from 'node:stream';
import {
  constants,
  createGunzip,
  createZstdDecompress,
  gunzipSync,
  zstdDecompressSync,
} from 'node:zlib';

import { decodeBzip2 } from './bzip2.ts';
import { detectContainer } from './container-format.ts';
import type { StreamFormat } from './container-format.ts';
import { DecodeError } from './decode-error.ts';
import { archiveLimits } from './limits.ts';
import type { NestedBudget } from './nested-budget.ts';
import { openTarStream } from './open-archive.ts';
import type { Piece } from './piece.ts';
import { decodeLzma, decodeXz } from './xz.ts';

interface OpenStreamOptions {
  readonly format: StreamFormat;
  readonly budget: NestedBudget;
}

/** Throws DecodeError and BudgetError, after what was read until then. */
export async function* openStream(
  { path, bytes }: { path: string; bytes: Buffer },
  { format, budget }: OpenStreamOptions,
): AsyncGenerator<Piece, void, undefined> {
  const name = contentName(path);
  budget.takeEntry();
  const small = inflateSmall(format, bytes, Math.min(budget.availableBytes, smallContentBytes));
  if (small !== undefined) {
    budget.takeBytes(small.length);
    yield { type: 'member', name, bytes: small, isView: false };
    return;
  }
  const stream = decode(format, bytes);
  try {
    const { chunks, sizeBytes, end } = await collect(stream, budget);
    if (end.kind === 'over' && detectContainer(chunks[0] ?? Buffer.alloc(0)) === 'tar') {
      const detail = `above ${sizeBytes} bytes: its members are read, not the archive itself`;
      yield { type: 'gap', name, reason: 'too_large', detail };
      const rest = resume({ chunks, last: end.chunk, stream, budget });
      for await (const piece of openTarStream(rest, budget)) {
        yield { ...piece, name: piece.name === undefined ? name : `${name}!/${piece.name}` };
      }
      return;
    }
    const content = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    const truncated = end.kind !== 'whole';
    if (content !== undefined && (content.length > 0 || !truncated)) {
      yield { type: 'member', name, bytes: content, isView: false, truncated };
    }
    if (end.kind === 'failed') throw end.error;
    if (end.kind === 'over') {
      yield { type: 'gap', name, reason: 'too_large', detail: `above ${sizeBytes} bytes` };
    }
  } finally {
    await stream.return();
  }
}

/** Above these a content is read in chunks. */
const smallPackedBytes = 256 * 1024;
const smallContentBytes = 4 * 1024 * 1024;

/**
 * Most compressed files of an image are manual pages and change logs, for which a stream costs more
 * than its content. Anything else returns undefined and is read in chunks.
 */
function inflateSmall(format: StreamFormat, bytes: Buffer, maxBytes: number): Buffer | undefined {
  if (bytes.length > smallPackedBytes || maxBytes === 0) return undefined;
  const bounds = { maxOutputLength: maxBytes, chunkSize: chunkBytes(bytes) };
  try {
    if (format === 'gzip') return gunzipSync(bytes, bounds);
    return format === 'zstd' ? zstdDecompressSync(bytes, bounds) : undefined;
  } catch {
    return undefined;
  }
}

interface Collected {
  readonly chunks: Buffer[];
  readonly sizeBytes: number;
  readonly end:
    | { readonly kind: 'whole' }
    | { readonly kind: 'over'; readonly chunk: Buffer }
    | { readonly kind: 'failed'; readonly error: unknown };
}

type Chunks = AsyncGenerator<Buffer, void, undefined>;

async function collect(stream: Chunks, budget: NestedBudget): Promise<Collected> {
  const { availableBytes } = budget;
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for (;;) {
      const next = await stream.next();
      if (next.done === true) return { chunks, sizeBytes, end: { kind: 'whole' } };
      const chunk = next.value;
      if (sizeBytes + chunk.length > availableBytes) {
        return { chunks, sizeBytes, end: { kind: 'over', chunk } };
      }
      chunks.push(chunk);
      sizeBytes += chunk.length;
      budget.takeBytes(chunk.length);
    }
  } catch (error) {
    return { chunks, sizeBytes, end: { kind: 'failed', error } };
  }
}

interface ResumeOptions {
  readonly chunks: Buffer[];
  readonly last: Buffer;
  readonly stream: Chunks;
  readonly budget: NestedBudget;
}

/** The collected chunks, each released once it was read, and then the rest. */
async function* resume({ chunks, last, stream, budget }: ResumeOptions): Chunks {
  for (const chunk of chunks) budget.hold(chunk.length);
  try {
    for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) {
      budget.release(chunk.length);
      yield chunk;
    }
  } finally {
    for (const chunk of chunks) budget.release(chunk.length);
  }
  budget.takeBytes(last.length);
  yield last;
  for await (const chunk of stream) {
    budget.takeBytes(chunk.length);
    yield chunk;
  }
}

/** The content in chunks, bounded by the reader. Throws DecodeError where it is damaged. */
export async function* decode(format: StreamFormat, bytes: Buffer): Chunks {
  if (format === 'gzip') yield* inflate(createGunzip({ chunkSize: chunkBytes(bytes) }), bytes);
  else if (format === 'zstd') {
    const params = { [constants.ZSTD_d_windowLogMax]: zstdWindowLog };
    yield* inflate(createZstdDecompress({ chunkSize: chunkBytes(bytes), params }), bytes);
  } else if (format === 'bzip2') yield* inTurns(decodeBzip2(bytes));
  else if (format === 'xz') yield* inTurns(decodeXz(bytes, archiveLimits.nestedDictionaryBytes));
  else yield* inTurns(decodeLzma(bytes, archiveLimits.nestedDictionaryBytes));
}

/** 128 MiB; frames that require more are refused by the decoder. */
const zstdWindowLog = 27;
const largestChunkBytes = 1024 * 1024;

function chunkBytes(bytes: Buffer): number {
  return Math.min(Math.max(bytes.length * 4, 4_096), largestChunkBytes);
}

async function* inflate(transform: Transform, bytes: Buffer): Chunks {
  transform.end(bytes);
  try {
    for await (const chunk of transform) yield chunk as Buffer;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new DecodeError('damaged', `cannot be inflated: ${text}`);
  } finally {
    transform.destroy();
  }
}

/** Decoders that compute in this thread yield to the event loop between chunks. */
async function* inTurns(chunks: Generator<Buffer, void, undefined>): Chunks {
  let sinceBytes = 0;
  for (const chunk of chunks) {
    yield chunk;
    sinceBytes += chunk.length;
    if (sinceBytes < largestChunkBytes) continue;
    sinceBytes = 0;
    await setImmediate();
  }
}

/** `a.tar` of `a.tar.gz` and of `a.tgz`, `content` for any other name. */
function contentName(path: string): string {
  const last = path.slice(path.lastIndexOf('/') + 1);
  const tar = /^(.+)\.(?:tgz|txz|tbz2?|tlz|tzst)$/i.exec(last)?.[1];
  if (tar !== undefined) return `${tar}.tar`;
  return /^(.+)\.(?:gz|zst|bz2|xz|lzma)$/i.exec(last)?.[1] ?? 'content';
}
