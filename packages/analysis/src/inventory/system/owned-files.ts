/** The files of packages as listed, with limits for one list or database. */
import { limits } from '@lazaret/protocol';
import type { OwnershipFact } from '@lazaret/protocol';

import { normalizePath } from '@lazaret/oci';
import { inventoryLimits } from '../limits.ts';
import type { ParseWarnings } from '../parsing/parse-warnings.ts';

export type OwnedFile = OwnershipFact['files'][number];

export interface OwnedFiles {
  /** A path as written, `/./usr/bin/a`; the root itself is omitted. */
  add(path: string, digest?: string): void;
  /** Paths added since the last call. */
  take(): OwnedFile[];
}

export function createOwnedFiles(warnings: ParseWarnings): OwnedFiles {
  let files: OwnedFile[] = [];
  let leftFiles: number = inventoryLimits.ownedFiles;
  let leftChars: number = inventoryLimits.ownedPathChars;
  let reported = false;
  return {
    add(written, digest) {
      if (Buffer.byteLength(written) > limits.pathBytes) {
        warnings.add('too_large', `a path has more than ${limits.pathBytes} bytes`);
        return;
      }
      leftFiles -= 1;
      leftChars -= written.length;
      if (leftFiles < 0 || leftChars < 0) {
        if (!reported) warnings.add('too_many', 'the lists of files exceed the limit');
        reported = true;
        return;
      }
      const { path, escaped } = normalizePath(written);
      if (escaped) warnings.add('damaged', `a path leads above the root: ${written}`);
      else if (path !== '') files.push(digest === undefined ? { path } : { path, digest });
    },
    take() {
      const taken = files;
      files = [];
      return taken;
    },
  };
}

const hexLengths: ReadonlyMap<number, string> = new Map([
  [32, 'md5'],
  [40, 'sha1'],
  [64, 'sha256'],
]);

/** `md5:...` for a digest in hexadecimal of a known length, else undefined. */
export function digestOfHex(hex: string): string | undefined {
  const name = hexLengths.get(hex.length);
  return name !== undefined && /^[0-9a-fA-F]+$/.test(hex)
    ? `${name}:${hex.toLowerCase()}`
    : undefined;
}
