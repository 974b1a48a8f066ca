import { binaryReaders } from './programs/binary-readers.ts';
import { scriptReaders } from './programs/script-readers.ts';
import type { Reader } from './reader.ts';
import { systemReaders } from './system/system-readers.ts';

/** Every reader of the inventory, in the order in which they get a file. */
export const allReaders: readonly Reader[] = [...systemReaders, ...scriptReaders, ...binaryReaders];
