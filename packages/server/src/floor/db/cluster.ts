/**
 * The directory of an embedded PostgreSQL: created once by initdb under a temporary name and
 * renamed when it is complete and on disk, so that a crash in between leaves no partial cluster.
 *
 * Every program of PostgreSQL gets the directory as its working directory and `-D /proc/self/cwd`,
 * and listens at the relative path `.`: the user of the database then needs no access to the
 * parent directories, which remain closed to everybody (a data directory with mode 0700, a home of
 * root), and no path is too long for a socket address on its side.
 */
import { execFile } from 'node:child_process';
import { lchown, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Problem } from '@lazaret/protocol';
import { databaseLimits } from './limits.ts';
import type { NativeFiles } from './native-files.ts';
import { ownUserName, type SystemUser } from './system-user.ts';

export const databaseName = 'lazaret';
export const databaseUser = 'lazaret';
export const databasePort = 5432;
export const workingDirectory = '/proc/self/cwd';
/** The environment of PostgreSQL, without Lazaret's own. */
export const databaseEnvironment: Readonly<Record<string, string>> = { LC_ALL: 'C', TZ: 'UTC' };

const unfinishedPrefix = 'postgres.new-';
const initdbArguments: readonly string[] = [
  '-D',
  workingDirectory,
  '--username',
  databaseUser,
  '--encoding=UTF8',
  // This provider sorts equally on every machine and needs neither ICU nor the system's locales.
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--auth-local=peer',
  '--auth-host=reject',
  '--no-instructions',
  // Synced to disk once, when all is written.
  '--no-sync',
];
const singleUserArguments: readonly string[] = [
  '--single',
  '-F',
  '-D',
  workingDirectory,
  '-c',
  'log_min_messages=error',
  'template1',
];
const syncArguments: readonly string[] = [
  '-D',
  workingDirectory,
  '--sync-only',
  '--sync-method=syncfs',
];

export interface ClusterOptions {
  readonly dataDirectory: string;
  readonly native: NativeFiles;
  readonly user: SystemUser;
  /** Whether the files of initdb are synced to disk before use. */
  readonly durable: boolean;
}

/** The path of the cluster in a data directory. */
export function clusterPath(dataDirectory: string): string {
  return join(dataDirectory, 'postgres');
}

/** The uid that owns the cluster, or undefined when it does not exist yet. */
export async function clusterOwner(dataDirectory: string): Promise<number | undefined> {
  const found = await stat(clusterPath(dataDirectory)).catch(() => undefined);
  return found?.uid;
}

/**
 * Creates the cluster when missing, checks its version, changes its owner to `user` and writes
 * the access rules. Throws the problems `database_version` and `database_failed`.
 */
export async function prepareCluster(options: ClusterOptions): Promise<string> {
  const { dataDirectory, native, user } = options;
  const directory = clusterPath(dataDirectory);
  await removeUnfinished(dataDirectory);
  const major = await readMajor(directory);
  if (major === undefined) await createCluster(options);
  else checkMajor(directory, major, native);
  const owner = await clusterOwner(dataDirectory);
  if (owner !== user.uid) await giveTo(directory, user);
  await writeAccessFiles(directory, user);
  return directory;
}

async function removeUnfinished(dataDirectory: string): Promise<void> {
  for (const name of await readdir(dataDirectory)) {
    if (!name.startsWith(unfinishedPrefix)) continue;
    // An initdb whose parent was killed may still write here for a moment.
    const patience = { recursive: true, force: true, maxRetries: 10, retryDelay: 100 };
    await rm(join(dataDirectory, name), patience);
  }
}

async function readMajor(directory: string): Promise<string | undefined> {
  const names = await readdir(directory).catch(() => []);
  if (names.length === 0) return undefined;
  try {
    return (await readFile(join(directory, 'PG_VERSION'), 'utf8')).trim().slice(0, 10);
  } catch (error) {
    throw new Problem(
      'database_failed',
      `${directory} has files, but not those of a PostgreSQL database (PG_VERSION cannot be read). ` +
        'Restore it from a backup, or move it away to start with an empty database.',
      { cause: error },
    );
  }
}

function checkMajor(directory: string, found: string, native: NativeFiles): void {
  const expected = native.version.split('.')[0] ?? '';
  if (found === expected) return;
  throw new Problem(
    'database_version',
    `The database in ${directory} was written by PostgreSQL ${found}; this version of Lazaret includes ` +
      `PostgreSQL ${expected}, which cannot read it. Start the version of Lazaret that wrote it and make a ` +
      'backup with it, then restore the backup to an empty data directory of this version.',
  );
}

async function createCluster({ dataDirectory, native, user, durable }: ClusterOptions) {
  const temporary = join(dataDirectory, `${unfinishedPrefix}${process.pid}`);
  await mkdir(temporary, { mode: 0o700 });
  if (user.uid !== process.geteuid?.()) await lchown(temporary, user.uid, user.gid);
  const place = { native, user, directory: temporary };
  await runProgram('initdb', initdbArguments, place);
  const input = `CREATE DATABASE ${databaseName} STRATEGY FILE_COPY\n`;
  await runProgram('postgres', singleUserArguments, { ...place, input });
  if (durable) await runProgram('initdb', syncArguments, place);
  await rm(clusterPath(dataDirectory), { recursive: true, force: true });
  await rename(temporary, clusterPath(dataDirectory));
  const parent = await open(dataDirectory, 'r');
  if (durable) await parent.sync();
  await parent.close();
}

interface ProgramOptions {
  readonly native: NativeFiles;
  readonly user: SystemUser;
  readonly directory: string;
  readonly input?: string;
}

async function runProgram(name: string, args: readonly string[], options: ProgramOptions) {
  const { native, user, directory, input } = options;
  const program = join(native.directory, 'bin', name);
  try {
    const running = promisify(execFile)(program, args, {
      cwd: directory,
      uid: user.uid,
      gid: user.gid,
      env: databaseEnvironment,
      timeout: databaseLimits.initMs,
      killSignal: 'SIGKILL',
    });
    running.child.stdin?.end(input);
    const { stderr } = await running;
    // The single-user mode continues after an error and exits with 0.
    if (stderr.includes('ERROR:')) throw new Error(stderr);
  } catch (error) {
    throw new Problem(
      'database_failed',
      `The database could not be created with ${program} as the user ${user.name}: ` +
        (error instanceof Error ? error.message : String(error)),
      { cause: error },
    );
  }
}

/**
 * Changes the owner of a cluster that root owns (for example restored from a backup) to the user of
 * the database.
 */
async function giveTo(directory: string, user: SystemUser): Promise<void> {
  for (const name of await readdir(directory, { recursive: true })) {
    await lchown(join(directory, name), user.uid, user.gid);
  }
  await lchown(directory, user.uid, user.gid);
}

/**
 * Allows connections only over the Unix socket, from the user of the Lazaret process and root.
 * The kernel identifies the peer (peer authentication), so no password is needed.
 */
async function writeAccessFiles(directory: string, user: SystemUser): Promise<void> {
  const names = [...new Set(['root', await ownUserName()])];
  const identities = names.map((name) => `lazaret "${name}" ${databaseUser}\n`).join('');
  await replaceFile(join(directory, 'pg_ident.conf'), identities, user);
  const access = `local all ${databaseUser} peer map=lazaret\n`;
  await replaceFile(join(directory, 'pg_hba.conf'), access, user);
}

/**
 * Never writes through an existing file: the user of the database could have replaced it with a
 * link.
 */
async function replaceFile(path: string, text: string, user: SystemUser): Promise<void> {
  const temporary = `${path}.new`;
  await rm(temporary, { force: true });
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(text);
    if (user.uid !== process.geteuid?.()) await file.chown(user.uid, user.gid);
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
