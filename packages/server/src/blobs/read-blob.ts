import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { Problem } from '@lazaret/protocol';
import { blobLimits } from './limits.ts';
import { sealHeaderBytes, unseal, type Unsealer } from './sealing.ts';

const readBytes: number = 4 * blobLimits.frameBytes;

/** An open file of a blob: unencrypted, or encrypted with a known content size. */
export interface BlobFile {
  readonly file: FileHandle;
  readonly sha256: string;
  /** Of the content, not of the file. */
  readonly sizeBytes: number;
  readonly sealed: boolean;
}

interface ByteRange {
  readonly start: number;
  /** Inclusive; below `start` for an empty range. */
  readonly end: number;
}

/**
 * Streams whose file is open. The reference prevents garbage collection: Node ends the
 * process when it collects an open FileHandle.
 */
const openStreams = new Set<Readable>();

/**
 * Streams a range of a blob and closes its file at the end in any case; also when it is not read
 * within `blobLimits.unreadStreamMs`.
 */
export async function streamBlob(
  blob: BlobFile,
  range: ByteRange,
  key: Uint8Array | undefined,
): Promise<Readable> {
  const whole = range.start === 0 && range.end === blob.sizeBytes - 1;
  const read = blob.sealed
    ? readSealed(blob, range, await prepareUnsealing(blob, key))
    : readPlain(blob, range);
  const chunks = whole ? checkHash(read, blob.sha256) : read;
  const stream = new Readable({
    highWaterMark: readBytes,
    read() {
      clearTimeout(unread);
      chunks.next().then(
        ({ done, value }) => this.push(done === true ? null : value),
        (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
      );
    },
    destroy(error, callback) {
      clearTimeout(unread);
      openStreams.delete(stream);
      void blob.file.close().finally(() => callback(error));
    },
  });
  openStreams.add(stream);
  const unread = setTimeout(() => stream.destroy(), blobLimits.unreadStreamMs);
  unread.unref();
  return stream;
}

async function prepareUnsealing(blob: BlobFile, key: Uint8Array | undefined): Promise<Unsealer> {
  if (key === undefined) {
    throw new Problem(
      'blob_key_mismatch',
      `${blob.sha256} is stored encrypted, and no key is configured.`,
    );
  }
  return unseal(await readExactly(blob, 0, sealHeaderBytes), key, blob.sizeBytes);
}

async function* readPlain(blob: BlobFile, range: ByteRange): AsyncGenerator<Buffer> {
  for (let position = range.start; position <= range.end;) {
    const chunk = await readExactly(blob, position, Math.min(readBytes, range.end + 1 - position));
    position += chunk.length;
    yield chunk;
  }
}

async function* readSealed(
  blob: BlobFile,
  range: ByteRange,
  unsealer: Unsealer,
): AsyncGenerator<Buffer> {
  // Empty content also has a frame to verify.
  let position = range.start;
  do {
    const frame = unsealer.locate(position);
    const content = unsealer.open(frame, await readExactly(blob, frame.fileStart, frame.fileBytes));
    const from = position - frame.contentStart;
    const to = Math.min(content.length, range.end + 1 - frame.contentStart);
    if (to > from) yield content.subarray(from, to);
    position = frame.contentStart + content.length;
  } while (position <= range.end);
}

async function readExactly(blob: BlobFile, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await blob.file.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) throw damaged(blob.sha256, 'it ends early');
    filled += bytesRead;
  }
  return buffer;
}

async function* checkHash(chunks: AsyncIterable<Buffer>, sha256: string): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
  const found = hash.digest('hex');
  if (found !== sha256) throw damaged(sha256, `its SHA-256 is ${found} now`);
}

/** The problem of damaged content. */
export function damaged(sha256: string, reason: string): Problem {
  return new Problem('blob_damaged', `The content ${sha256} is damaged: ${reason}.`);
}
