/**
 * Spools a stream to an unlinked temporary file, for random access: container engines write the
 * list of layers after the layers, and a compressed archive cannot be read by position. It may have
 * gigabytes, too much for memory. The file is unlinked at once, so that nothing is left behind
 * however the process ends.
 */
import { open, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { pid, platform } from 'node:process';

import { fileBytes } from './file-bytes.ts';
import type { FileBytes } from './file-bytes.ts';
import { SourceError } from '@lazaret/oci';

export interface SpoolOptions {
  /** Directory for the temporary file. */
  readonly directory: string;
  readonly maxBytes: number;
}

/** Throws SourceError `too_large`, and errors of the stream or the disk. */
export async function spool(
  stream: AsyncIterable<Uint8Array>,
  { directory, maxBytes }: SpoolOptions,
): Promise<FileBytes> {
  const name = join(directory, `.lazaret-${randomBytes(12).toString('hex')}`);
  const handle = await open(name, 'wx+', 0o600);
  try {
    await unlink(name);
    const sizeBytes = await fill(handle, stream, maxBytes);
    // The kernel's path to an unlinked file.
    const path = platform === 'linux' ? `/proc/${pid}/fd/${handle.fd}` : undefined;
    return fileBytes(handle, { path, sizeBytes });
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function fill(
  handle: FileHandle,
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<number> {
  let sizeBytes = 0;
  for await (const chunk of stream) {
    if (sizeBytes + chunk.length > maxBytes) {
      throw new SourceError('too_large', `the archive has more than ${maxBytes} bytes`);
    }
    let written = 0;
    while (written < chunk.length) {
      const rest = chunk.length - written;
      written += (await handle.write(chunk, written, rest, sizeBytes + written)).bytesWritten;
    }
    sizeBytes += chunk.length;
  }
  return sizeBytes;
}
