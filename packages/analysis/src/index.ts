/** The only door of the package: bytes in, facts out. */
export { readTar } from './archive/read-tar.ts';
export { writeTar } from './archive/write-tar.ts';
export type { TarInput } from './archive/write-tar.ts';
export { TarError } from './archive/tar-entry.ts';
export type {
  TarEntry,
  TarEntryType,
  TarErrorCode,
  TarLimits,
  TarOptions,
} from './archive/tar-entry.ts';
