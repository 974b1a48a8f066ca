/**
 * The files of an image archive or layout by path. Nothing outside can be referenced: links are
 * followed inside an archive, up to a limit, and files of a layout must be below its root.
 */
import { lstat, realpath } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';

import { normalizePath } from '@lazaret/oci';
import { analysisLimits } from '../limits.ts';
import { openFileBytes } from './file-bytes.ts';
import type { FileBytes } from './file-bytes.ts';
import { SourceError } from '@lazaret/oci';
import { indexTar } from './index-tar.ts';

export interface StoredFile {
  readonly sizeBytes: number;
  /** Location of the content on this machine. */
  readonly file?: { readonly path: string; readonly offset: number; readonly sizeBytes: number };
  open(signal?: AbortSignal): AsyncIterable<Uint8Array>;
}

export interface ImageFiles {
  /** Undefined when there is no such file; throws SourceError when it is refused. */
  find(path: string): Promise<StoredFile | undefined>;
  /** Names in the archive, for messages. */
  names(): readonly string[];
  close(): Promise<void>;
}

/** The files of a tar archive, read in place. Throws TarError. */
export async function archiveFiles(archive: FileBytes): Promise<ImageFiles> {
  const members = await indexTar(archive);
  return {
    async find(path) {
      let place = normalizePath(path).path;
      for (let hops = 0; hops <= analysisLimits.symlinkHops; hops += 1) {
        const member = members.get(place);
        if (member === undefined) return undefined;
        const { type, offset, sizeBytes, linkPath } = member;
        if (type === 'file') return storedFile(archive, { offset, sizeBytes });
        if (type === 'other') throw refused(path, 'is not a file');
        const target = type === 'hardlink' ? linkPath : join(dirname(place), linkPath);
        const next = normalizePath(target);
        const isOutside = type === 'symlink' && linkPath.startsWith('/');
        if (next.escaped || isOutside) throw refused(path, 'is a link outside the archive');
        place = next.path;
      }
      throw refused(path, 'has too many levels of links');
    },
    names: () => [...members.keys()],
    close: () => archive.close(),
  };
}

/** The files below a directory of this machine. */
export async function directoryFiles(directory: string): Promise<ImageFiles> {
  const root = await realpath(directory);
  return {
    async find(path) {
      const place = join(root, path);
      const real = await realpath(place).catch(async (error: unknown) => {
        // A broken link is refused and not treated as a missing file.
        if (await exists(place)) throw refused(path, 'is a broken link', error);
        return undefined;
      });
      if (real === undefined) return undefined;
      if (!real.startsWith(root + sep)) throw refused(path, 'is a link outside the layout');
      const bytes = await openFileBytes(real, { follow: false });
      const { sizeBytes } = bytes;
      await bytes.close();
      return {
        sizeBytes,
        file: { path: real, offset: 0, sizeBytes },
        open: (signal) => streamFile(real, { sizeBytes, signal }),
      };
    },
    names: () => [],
    close: () => Promise.resolve(),
  };
}

/** Reads a small file completely. Throws SourceError `too_large`. */
export async function readSmall(
  stored: StoredFile,
  { what, maxBytes }: { readonly what: string; readonly maxBytes: number },
): Promise<Buffer> {
  if (stored.sizeBytes > maxBytes) {
    const message = `${what} has ${stored.sizeBytes} bytes (limit ${maxBytes})`;
    throw new SourceError('too_large', message);
  }
  const pieces: Uint8Array[] = [];
  for await (const piece of stored.open()) pieces.push(piece);
  return Buffer.concat(pieces);
}

interface Range {
  readonly offset: number;
  readonly sizeBytes: number;
}

function storedFile(bytes: FileBytes, { offset, sizeBytes }: Range): StoredFile {
  const { path } = bytes;
  return {
    sizeBytes,
    ...(path === undefined ? {} : { file: { path, offset, sizeBytes } }),
    open: (signal) => bytes.stream({ offset, sizeBytes, signal }),
  };
}

interface StreamOptions {
  readonly sizeBytes: number;
  readonly signal: AbortSignal | undefined;
}

async function* streamFile(
  path: string,
  { sizeBytes, signal }: StreamOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const bytes = await openFileBytes(path, { follow: false });
  try {
    yield* bytes.stream({ offset: 0, sizeBytes, signal });
  } finally {
    await bytes.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function refused(path: string, why: string, cause?: unknown): SourceError {
  return new SourceError('damaged', `${path} ${why}`, { cause });
}
