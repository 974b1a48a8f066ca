/** Random access to local files with untrusted content, never past their end. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

import { resolve } from 'node:path';

import { SourceError } from '@lazaret/oci';

export interface FileBytes {
  /** Path where another thread can open the same content. */
  readonly path: string | undefined;
  readonly sizeBytes: number;
  /** Reads up to `length` bytes at `offset`; fewer only at the end of the file. */
  read(offset: number, length: number): Promise<Buffer>;
  /** Streams exactly that range; throws SourceError `damaged` when the file ends early. */
  stream(range: ByteRange): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

export interface ByteRange {
  readonly offset: number;
  readonly sizeBytes: number;
  readonly signal?: AbortSignal | undefined;
  /** Shared memory for all chunks: each is valid until the next one is requested. */
  readonly memory?: Buffer | undefined;
}

const chunkBytes = 1024 * 1024;

/**
 * Opens a file without blocking: a FIFO or a device is closed unread. `follow: false` refuses a
 * symbolic link. Throws SourceError.
 */
export async function openFileBytes(path: string, { follow = true } = {}): Promise<FileBytes> {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | (follow ? 0 : constants.O_NOFOLLOW);
  let handle: FileHandle;
  try {
    handle = await open(path, flags);
  } catch (error) {
    throw openFailure(path, error);
  }
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) throw new SourceError('unsupported', `${path} is not a regular file`);
    return fileBytes(handle, { path: resolve(path), sizeBytes: facts.size });
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The content of an open handle; `close` closes it. */
export function fileBytes(
  handle: FileHandle,
  { path, sizeBytes }: Pick<FileBytes, 'path' | 'sizeBytes'>,
): FileBytes {
  async function read(offset: number, length: number, memory?: Buffer): Promise<Buffer> {
    const most = Math.max(0, Math.min(length, sizeBytes - offset));
    const buffer = memory === undefined ? Buffer.allocUnsafe(most) : memory.subarray(0, most);
    let filled = 0;
    while (filled < buffer.length) {
      const rest = buffer.length - filled;
      const { bytesRead } = await handle.read(buffer, filled, rest, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  }
  return {
    path,
    sizeBytes,
    read,
    async *stream(range) {
      const end = range.offset + range.sizeBytes;
      for (let at = range.offset; at < end;) {
        range.signal?.throwIfAborted();
        const { memory } = range;
        const most = memory?.length ?? chunkBytes;
        const chunk = await read(at, Math.min(most, end - at), memory);
        if (chunk.length === 0) {
          throw new SourceError('damaged', `${path ?? 'the archive'} is truncated`);
        }
        at += chunk.length;
        yield chunk;
      }
    },
    close: () => handle.close(),
  };
}

function openFailure(path: string, error: unknown): SourceError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const options = { cause: error };
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new SourceError('not_found', `${path} does not exist`, options);
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new SourceError('unauthorized', `${path}: permission denied`, options);
  }
  if (code === 'ELOOP') {
    return new SourceError(
      'unsupported',
      `${path} is a symbolic link, which is not allowed`,
      options,
    );
  }
  return new SourceError('damaged', `${path} cannot be opened`, options);
}
