/**
 * A directory held open, so that its entries are reached through it: a path that is taken apart
 * again for each entry could be led elsewhere by whoever replaces one of its parts by a link
 * meanwhile. Node has no `openat`; on Linux `/proc/self/fd` serves. Elsewhere paths must do.
 */
import { constants } from 'node:fs';
import { open, opendir, readlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

const slash = Buffer.from('/');

export interface OpenDirectory {
  /** Where an entry is reached. */
  child(name: Buffer): Buffer;
  /** Up to `max` names as bytes, sorted. */
  names(max: number): Promise<Buffer[]>;
  /** Device that it lies on. */
  readonly device: bigint;
  close(): Promise<void>;
}

/** Throws what the system says, and an Error when another directory was put in its place. */
export async function openDirectory(absolute: Buffer): Promise<OpenDirectory> {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  const handle = await open(absolute, flags);
  try {
    const { dev: device } = await handle.stat({ bigint: true });
    const place = await heldPlace(handle, absolute);
    return {
      device,
      child: (name) => Buffer.concat([place, slash, name]),
      names: (max) => readNames(place, max),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function heldPlace(handle: FileHandle, absolute: Buffer): Promise<Buffer> {
  const held = Buffer.from(`/proc/self/fd/${handle.fd}`);
  const real = await readlink(held, { encoding: 'buffer' }).catch(() => undefined);
  if (real === undefined) return absolute;
  if (real.equals(absolute)) return held;
  throw new Error('it was replaced while it was walked');
}

async function readNames(place: Buffer, max: number): Promise<Buffer[]> {
  const names: Buffer[] = [];
  // Names are asked for as bytes, which the types of Node know for `readdir` only.
  const path = Buffer.concat([place, slash]);
  const directory = await opendir(path, { encoding: 'buffer' as BufferEncoding });
  for await (const { name } of directory) {
    names.push(name as unknown as Buffer);
    if (names.length >= max) break;
  }
  return names.toSorted((one, other) => one.compare(other));
}
