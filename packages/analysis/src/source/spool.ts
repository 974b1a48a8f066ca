/**
 * A stream put aside, where only a second look tells what is in it: an engine writes the list of an
 * image's layers behind the layers, and a compressed archive cannot be read by position. Memory is
 * no place for what may be gigabytes. The file has no name from the moment that it exists, so that
 * nothing is left behind however the process ends.
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
  /** A directory for it, on a disk with room. */
  readonly directory: string;
  readonly maxBytes: number;
}

/** Throws SourceError `too_large`, and whatever the stream or the disk throws. */
export async function spool(
  stream: AsyncIterable<Uint8Array>,
  { directory, maxBytes }: SpoolOptions,
): Promise<FileBytes> {
  const name = join(directory, `.lazaret-${randomBytes(12).toString('hex')}`);
  const handle = await open(name, 'wx+', 0o600);
  try {
    await unlink(name);
    const sizeBytes = await fill(handle, stream, maxBytes);
    // The kernel's own door to a file without a name.
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
      throw new SourceError('too_large', `the archive is larger than ${maxBytes} bytes`);
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
