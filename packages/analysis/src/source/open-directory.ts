/**
 * An open directory through which its entries are accessed: resolving the full path for each entry
 * would be vulnerable to a component being replaced by a link meanwhile. Node has no `openat`; on
 * Linux `/proc/self/fd` is used, elsewhere plain paths. Calls are synchronous, because the thread
 * pool would cost several times the call itself.
 */
import { closeSync, constants, fstatSync, opendirSync, openSync, readlinkSync } from 'node:fs';

const slash = Buffer.from('/');

export interface OpenDirectory {
  /** The path of an entry. */
  child(name: Buffer): Buffer;
  /** Up to `max` names as bytes, sorted. */
  names(max: number): Buffer[];
  /** Device of the directory. */
  readonly device: bigint;
  close(): void;
}

/** Throws system errors, and an Error when the directory was replaced. */
export function openDirectory(absolute: Buffer): OpenDirectory {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  const descriptor = openSync(absolute, flags);
  try {
    const { dev: device } = fstatSync(descriptor, { bigint: true });
    const place = descriptorPath(descriptor, absolute);
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

function descriptorPath(descriptor: number, absolute: Buffer): Buffer {
  const held = Buffer.from(`/proc/self/fd/${descriptor}`);
  let real: Buffer;
  try {
    real = readlinkSync(held, { encoding: 'buffer' });
  } catch {
    return absolute;
  }
  if (real.equals(absolute)) return held;
  throw new Error('replaced during the walk');
}

/** Reads a limited number of names: a directory may have millions of entries. */
function readNames(place: Buffer, max: number): Buffer[] {
  const names: Buffer[] = [];
  // Names are requested as bytes, which the types of Node only support for `readdir`.
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
