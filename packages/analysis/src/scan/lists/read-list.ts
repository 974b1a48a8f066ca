/** Reads a list of digests, which is a file of the operator. */
import { readFileSync, statSync } from 'node:fs';

import { scanLimits } from '../limits.ts';

/** The text of the file. Throws an Error if it cannot be read, or is larger than the limit. */
export function readListText(path: string): string {
  const { size } = statSync(path);
  if (size <= scanLimits.hashListChars) return readFileSync(path, 'utf8');
  throw new Error(`${path} has ${size} bytes (limit ${scanLimits.hashListChars})`);
}
