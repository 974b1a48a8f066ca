/**
 * Stops leftover processes of an earlier Lazaret on a cluster before a new PostgreSQL starts there.
 *
 * A process belongs to the cluster when its name is postgres and its working directory is the
 * cluster (compared by device and inode), which postmaster and all of its children keep. This
 * is correct after a pid was reused, unlike postmaster.pid alone. Where the kernel hides the
 * working directory (root without CAP_SYS_PTRACE, as in many containers), the postmaster is known
 * by postmaster.pid, its user and its arguments together.
 *
 * Stopping is preferred to adopting: the old one's clients are dead, a fast shutdown takes less
 * than a tenth of a second, and a process that is not our child could not be watched.
 */
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '@lazaret/protocol';
import { workingDirectory } from './cluster.ts';
import { databaseLimits } from './limits.ts';

const pollMs = 10;

/** Stops every PostgreSQL process on `cluster` and removes its stale pid file. */
export async function stopLeftovers(cluster: string): Promise<void> {
  const noted = (await readPidFile(cluster))?.pid;
  // Fast shutdown; then immediate; then SIGKILL.
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    const pids = await findProcesses(cluster, noted);
    if (pids.length === 0) break;
    // The postmaster handles a fast shutdown; children without one get the stronger signals.
    const receivers = signal === 'SIGINT' ? pids.filter((pid) => pid === noted) : pids;
    for (const pid of receivers) send(pid, signal);
    if (receivers.length > 0) await waitUntilGone(cluster, noted);
  }
  const left = await findProcesses(cluster, noted);
  if (left.length > 0) {
    throw new Problem(
      'database_failed',
      `PostgreSQL still runs on ${cluster} as process ${left.join(', ')} and does not stop.`,
    );
  }
  // PostgreSQL would refuse to start if another process has the pid now.
  await rm(join(cluster, 'postmaster.pid'), { force: true });
}

export interface PidFile {
  readonly pid: number;
  /** Its states: starting, ready, stopping. */
  readonly status: string;
}

/** Reads postmaster.pid; undefined when it does not exist or is not complete yet. */
export async function readPidFile(cluster: string): Promise<PidFile | undefined> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '');
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  // A negative number is written by the single-user mode.
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  return { pid, status: (lines[7] ?? '').trim() };
}

async function findProcesses(cluster: string, noted: number | undefined): Promise<number[]> {
  const place = await stat(cluster);
  const names = await readdir('/proc');
  const pids = names.map(Number).filter((pid) => Number.isInteger(pid) && pid !== process.pid);
  const found: number[] = [];
  for (const pid of pids) {
    if ((await readText(`/proc/${pid}/comm`)).trim() !== 'postgres') continue;
    const directory = await stat(`/proc/${pid}/cwd`).catch((error: unknown) => error);
    if (directory instanceof Error) {
      if (isHidden(directory) && pid === noted && (await looksOurs(pid, place.uid))) {
        found.push(pid);
      }
    } else if (isSame(directory, place)) {
      found.push(pid);
    }
  }
  return found;
}

function isSame(found: unknown, place: { readonly dev: number; readonly ino: number }): boolean {
  if (typeof found !== 'object' || found === null) return false;
  if (!('dev' in found && 'ino' in found)) return false;
  return found.dev === place.dev && found.ino === place.ino;
}

function isHidden(error: Error): boolean {
  return 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM');
}

async function looksOurs(pid: number, uid: number): Promise<boolean> {
  const owner = await stat(`/proc/${pid}`).catch(() => undefined);
  if (owner?.uid !== uid) return false;
  return (await readText(`/proc/${pid}/cmdline`)).includes(`\0-D\0${workingDirectory}\0`);
}

/** A process may end at any moment: an unreadable file is treated as empty. */
async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

async function waitUntilGone(cluster: string, noted: number | undefined): Promise<void> {
  for (let waitedMs = 0; waitedMs < databaseLimits.stopMs; waitedMs += pollMs) {
    if ((await findProcesses(cluster, noted)).length === 0) return;
    await sleep(pollMs);
  }
}
