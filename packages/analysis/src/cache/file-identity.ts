/**
 * Detects unchanged files as git does: by device, inode, size, mtime and ctime, of which an archive
 * cannot set the last.
 */
import { statSync } from 'node:fs';

import { cacheLimits } from './limits.ts';

export interface FilePart {
  readonly path: string;
  readonly offset: number;
  readonly sizeBytes: number;
}

/** Undefined unless the path is a regular file that is still linked. */
export function fileIdentity({ path, offset, sizeBytes }: FilePart): string | undefined {
  const facts = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (facts?.isFile() !== true || facts.nlink === 0n) return undefined;
  const { dev, ino, size, mtimeNs, ctimeNs } = facts;
  return [dev, ino, size, mtimeNs, ctimeNs, offset, sizeBytes].join(':');
}

/**
 * Whether the next change is guaranteed to have a different timestamp: not while the file is so new
 * that both may fall into one tick, and not while its time is in the future because the clock was
 * set back.
 */
export function isSettled({ path }: FilePart, nowMs: number): boolean {
  const facts = statSync(path, { throwIfNoEntry: false });
  return facts !== undefined && facts.ctimeMs + cacheLimits.fileTimeTickMs < nowMs;
}
