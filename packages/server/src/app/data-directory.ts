/**
 * One Lazaret per data directory.
 *
 * The lock is the file `lock`, opened through Node's built-in SQLite, which holds an exclusive
 * POSIX record lock on it for as long as an (empty) transaction stays open. The kernel grants it to
 * one process only and releases it when that process ends in any way: nothing can be left over
 * by kill -9, a reboot or a reused pid, and containers that share the directory see it too. No
 * table is ever made; the file stays empty. Taking it costs about 1 ms.
 *
 * Rejected: a file made with O_EXCL and a pid in it (left over after kill -9; removing a stale one
 * races with another start doing the same), a Unix socket in the directory (the same race when a
 * stale one is unlinked, and 107 bytes of path), an abstract socket (per network namespace, so
 * blind between containers), a child that holds flock(1) (one more process to lose).
 *
 * POSIX locks have one trap: a process that opens and closes the locked file by other means drops
 * the lock. Nothing else may open `lock`; its holder is named in the file `holder.json`, which is
 * written after the lock is taken and therefore never decides anything.
 */
import { chmod, mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '@lazaret/protocol';

import { appLimits } from './limits.ts';

export interface DataDirectory {
  /** The real path, links resolved. */
  readonly path: string;
  /** Records the result of `describe` again: call it when the address is known. */
  announce(): Promise<void>;
  /** Releases the directory. Safe to call twice. */
  release(): Promise<void>;
}

export interface DataDirectoryOptions {
  /** What a second start reports about this process: its address, once known. */
  describe(): { readonly address?: string };
}

interface Holder {
  readonly pid: number;
  readonly startedAt: string;
  readonly host: string;
  readonly address?: string;
}

const lockName = 'lock';
const holderName = 'holder.json';
const sqliteBusy = 5;

/**
 * Opens the data directory for this process alone; creates it with mode 0700 when missing.
 * Throws the problems `data_directory_in_use` (with the holder) and `data_directory_unusable`.
 */
export async function openDataDirectory(
  path: string,
  options: DataDirectoryOptions,
): Promise<DataDirectory> {
  const directory = await prepareDirectory(path);
  const lock = takeLock(directory);
  if (lock === undefined) throw await describeHolder(directory);
  const announce = (): Promise<void> => writeHolder(directory, options);
  try {
    await announce();
  } catch (error) {
    lock.close();
    throw unusable(directory, error);
  }
  let released = false;
  const release = async (): Promise<void> => {
    if (released) return;
    released = true;
    await rm(join(directory, holderName), { force: true });
    lock.close();
  };
  return { path: directory, announce, release };
}

async function prepareDirectory(path: string): Promise<string> {
  try {
    const made = await mkdir(path, { recursive: true, mode: 0o700 });
    const directory = await realpath(path);
    // mkdir applies the umask and sets the mode of each directory that it creates.
    if (made !== undefined) await chmod(directory, 0o700);
    const { mode } = await stat(directory);
    if ((mode & 0o002) !== 0) {
      throw new Problem(
        'data_directory_unusable',
        `${directory} is writable for every user of this machine. ` +
          'Remove that permission (chmod o-w), or use another directory.',
      );
    }
    return directory;
  } catch (error) {
    throw unusable(path, error);
  }
}

function takeLock(directory: string): DatabaseSync | undefined {
  let lock: DatabaseSync | undefined;
  try {
    // The timeout lets one of two simultaneous starts win instead of both being refused.
    lock = new DatabaseSync(join(directory, lockName), {
      timeout: appLimits.dataDirectoryLockWaitMs,
    });
    lock.exec('PRAGMA journal_mode = MEMORY');
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    if (isBusy(error)) return undefined;
    throw unusable(directory, error);
  }
}

function isBusy(error: unknown): boolean {
  if (!(error instanceof Error) || !('errcode' in error)) return false;
  return typeof error.errcode === 'number' && (error.errcode & 0xff) === sqliteBusy;
}

async function writeHolder(directory: string, options: DataDirectoryOptions): Promise<void> {
  const holder: Holder = {
    pid: process.pid,
    startedAt: new Date(performance.timeOrigin).toISOString(),
    host: hostname(),
    ...options.describe(),
  };
  const temporary = join(directory, `${holderName}.new`);
  await writeFile(temporary, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
  await rename(temporary, join(directory, holderName));
}

async function describeHolder(directory: string): Promise<Problem> {
  let holder = await readHolder(directory);
  if (holder === undefined || isGone(holder)) {
    // The current holder has the lock and has not recorded its name yet.
    await sleep(appLimits.dataDirectoryLockWaitMs);
    holder = await readHolder(directory);
  }
  const who =
    holder === undefined || isGone(holder)
      ? 'another process'
      : `the process ${holder.pid} on ${holder.host}, started at ${holder.startedAt}, ` +
        (holder.address === undefined ? 'which does not answer yet' : `at ${holder.address}`);
  return new Problem('data_directory_in_use', `${directory} is used by ${who}.`);
}

async function readHolder(directory: string): Promise<Holder | undefined> {
  try {
    const text = await readFile(join(directory, holderName), 'utf8');
    if (Buffer.byteLength(text) > appLimits.dataDirectoryHolderBytes) return undefined;
    const found: unknown = JSON.parse(text);
    return isHolder(found) ? found : undefined;
  } catch {
    // The file only adds a name to the refusal, which does not depend on it.
    return undefined;
  }
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null) return false;
  if (!('pid' in value && 'startedAt' in value && 'host' in value)) return false;
  if ('address' in value && typeof value.address !== 'string') return false;
  return (
    Number.isInteger(value.pid) &&
    typeof value.startedAt === 'string' &&
    typeof value.host === 'string'
  );
}

/** Whether the recorded holder has ended; unknown for a holder in another container. */
function isGone(holder: Holder): boolean {
  if (holder.host !== hostname()) return false;
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}

function unusable(directory: string, error: unknown): Problem {
  if (error instanceof Problem) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new Problem(
    'data_directory_unusable',
    `${directory} must be a directory that this user can write and lock files in: ${reason}`,
    { cause: error },
  );
}
