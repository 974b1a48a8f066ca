/**
 * The identity of the signatures that clamd has loaded. VERSION reports the number of the daily
 * database only; other files in the database directory are included when the caller may read it.
 */
import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { scanLimits } from '../limits.ts';
import type { ClamdVersion } from './version.ts';

export interface DatabaseState {
  /** Digest over names, sizes and times of the files. */
  readonly digest: string;
  readonly files: number;
  /** Time of the newest file, milliseconds since 1970. */
  readonly newestMs: number;
}

/**
 * Undefined without files: clamd does not start without signatures, so its directory is another
 * one. Throws when the directory cannot be read.
 */
export async function readDatabaseState(directory: string): Promise<DatabaseState | undefined> {
  const names = (await readdir(directory)).toSorted();
  if (names.length > scanLimits.clamdDatabaseFiles)
    throw new Error(`too many files in ${directory}`);
  const hash = createHash('sha256');
  let files = 0;
  let newestMs = 0;
  for (const name of names) {
    const facts = await stat(join(directory, name));
    if (!facts.isFile()) continue;
    files += 1;
    newestMs = Math.max(newestMs, facts.mtimeMs);
    hash.update(`${name}\0${facts.size}\0${facts.mtimeMs}\0`);
  }
  if (files === 0) return undefined;
  return { digest: hash.digest('hex').slice(0, 16), files, newestMs };
}

/**
 * `ClamAV 1.4.6/27012`, followed by the state of the directory. Files so new that clamd may not
 * have loaded them result in a separate label, which is not cached for long.
 */
export function signatureLabel(
  version: ClamdVersion,
  state: DatabaseState | undefined,
  nowMs: number,
): string {
  const number = version.database === undefined ? '' : `/${version.database}`;
  if (state === undefined) return `${version.engine}${number}`;
  const isSettled = nowMs - state.newestMs >= scanLimits.clamdReloadMs;
  return `${version.engine}${number}+${state.digest}${isSettled ? '' : '~loading'}`;
}
