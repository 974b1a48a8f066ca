/**
 * As git knows that a file is unchanged: device, inode, size and both times, of which no archive
 * can set the last (ctime).
 */
import { statSync } from 'node:fs';

import { cacheLimits } from './limits.ts';

export interface FilePart {
  readonly path: string;
  readonly offset: number;
  readonly sizeBytes: number;
}

/** Undefined for what is no file with a name. */
export function fileIdentity({ path, offset, sizeBytes }: FilePart): string | undefined {
  const facts = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (facts?.isFile() !== true || facts.nlink === 0n) return undefined;
  const { dev, ino, size, mtimeNs, ctimeNs } = facts;
  return [dev, ino, size, mtimeNs, ctimeNs, offset, sizeBytes].join(':');
}

/**
 * Whether its next change is sure to have another time: not while it is so new that both may fall
 * into one tick, and not while it comes from the future because the clock was set back.
 */
export function isSettled({ path }: FilePart, nowMs: number): boolean {
  const facts = statSync(path, { throwIfNoEntry: false });
  return facts !== undefined && facts.ctimeMs + cacheLimits.fileTimeTickMs < nowMs;
}
