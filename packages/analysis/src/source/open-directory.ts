/**
 * A directory held open, so that its entries are reached through it: a path that is taken apart
 * again for each entry could be led elsewhere by whoever replaces one of its parts by a link
 * meanwhile. Node has no `openat`; on Linux `/proc/self/fd` serves. Elsewhere paths must do.
 * Its calls do not go through other threads, which would cost several times the call itself.
 */
import { closeSync, constants, fstatSync, opendirSync, openSync, readlinkSync } from 'node:fs';

const slash = Buffer.from('/');

export interface OpenDirectory {
  /** Where an entry is reached. */
  child(name: Buffer): Buffer;
  /** Up to `max` names as bytes, sorted. */
  names(max: number): Buffer[];
  /** Device that it lies on. */
  readonly device: bigint;
  close(): void;
}

/** Throws what the system says, and an Error when another directory was put in its place. */
export function openDirectory(absolute: Buffer): OpenDirectory {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  const descriptor = openSync(absolute, flags);
  try {
    const { dev: device } = fstatSync(descriptor, { bigint: true });
    const place = heldPlace(descriptor, absolute);
    return {
      device,
      child: (name) => Buffer.concat([place, slash, name]),
      names: (max) => readNames(place, max),
      close: () => closeSync(descriptor),
    };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function heldPlace(descriptor: number, absolute: Buffer): Buffer {
  const held = Buffer.from(`/proc/self/fd/${descriptor}`);
  let real: Buffer;
  try {
    real = readlinkSync(held, { encoding: 'buffer' });
  } catch {
    return absolute;
  }
  if (real.equals(absolute)) return held;
  throw new Error('it was replaced while it was walked');
}

/** Not all at once: a directory may have millions of entries. */
function readNames(place: Buffer, max: number): Buffer[] {
  const names: Buffer[] = [];
  // Names are asked for as bytes, which the types of Node know for `readdir` only.
  const options = { encoding: 'buffer' as BufferEncoding, bufferSize: 512 };
  const directory = opendirSync(Buffer.concat([place, slash]), options);
  try {
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
      names.push(entry.name as unknown as Buffer);
      if (names.length >= max) break;
    }
  } finally {
    directory.closeSync();
  }
  return names.toSorted((one, other) => one.compare(other));
}
