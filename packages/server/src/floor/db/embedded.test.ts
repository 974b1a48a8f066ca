import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  lchown,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Problem } from '@lazaret/protocol';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeFastDirectory } from '../../testing/database.ts';
import { openDatabase } from './database.ts';
import {
  type EmbeddedDatabase,
  type EmbeddedOptions,
  type EmbeddedState,
  startEmbeddedDatabase,
} from './embedded.ts';
import { canReach } from './native-files.ts';
import { chooseSystemUser, type SystemUser } from './system-user.ts';

const isRoot = process.geteuid?.() === 0;
const ownUid = process.geteuid?.() ?? -1;
const moduleUrl = new URL('embedded.ts', import.meta.url).href;
const program = `
  const { startEmbeddedDatabase } = await import(process.argv[1]);
  const database = await startEmbeddedDatabase({ dataDirectory: process.argv[2] });
  console.log(JSON.stringify({ url: database.url, pid: database.pid }));
  process.on('SIGTERM', async () => { await database.stop(); process.exit(0); });
`;

let root: string;
let running: EmbeddedDatabase[];
let children: ChildProcess[];

beforeEach(async () => {
  root = await makeFastDirectory('lazaret-embedded-');
  running = [];
  children = [];
});

afterEach(async () => {
  for (const child of children) await kill(child, 'SIGKILL');
  for (const database of running) await database.stop();
  await eventually(() => postgresProcesses(root)).toEqual([]);
  await rm(root, { recursive: true, force: true });
});

async function start(options: Partial<EmbeddedOptions> = {}): Promise<EmbeddedDatabase> {
  const database = await startEmbeddedDatabase({ dataDirectory: root, durable: false, ...options });
  running.push(database);
  return database;
}

async function refusal(options: Partial<EmbeddedOptions> = {}): Promise<Problem> {
  const error: unknown = await start(options).catch((caught: unknown) => caught);
  if (error instanceof Problem) return error;
  throw new Error('expected a refusal');
}

async function query<T extends pg.QueryResultRow>(url: string, text: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<T>(text)).rows;
  } finally {
    await client.end();
  }
}

async function showSetting(url: string, name: string): Promise<string | undefined> {
  const rows = await query<{ value: string }>(url, `select current_setting('${name}') as value`);
  return rows[0]?.value;
}

async function write(url: string, value: number): Promise<void> {
  await query(url, 'create table if not exists kept (value int)');
  await query(url, `insert into kept values (${value})`);
}

/** Polls for as long as a busy machine may need. */
function eventually<T>(read: () => T) {
  return expect.poll(read, { timeout: 30_000, interval: 20 });
}

async function kept(url: string): Promise<number[]> {
  const rows = await query<{ value: number }>(url, 'select value from kept order by value');
  return rows.map(({ value }) => value);
}

/** Starts a database in a separate process. */
async function startProcess(path: string, user?: SystemUser) {
  const identity = user === undefined ? {} : { uid: user.uid, gid: user.gid };
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, moduleUrl, path], {
    ...identity,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  for await (const line of createInterface({ input: child.stdout })) {
    return { child, ...(JSON.parse(line) as { readonly url: string; readonly pid: number }) };
  }
  throw new Error('the process printed nothing');
}

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

/** Pids of all PostgreSQL processes below a directory. */
async function postgresProcesses(directory: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const place = await readlink(`/proc/${name}/cwd`).catch(() => '');
    const command = await readFile(`/proc/${name}/comm`, 'utf8').catch(() => '');
    if (place.startsWith(directory) && command.trim() === 'postgres') found.push(Number(name));
  }
  return found;
}

/** The processes of one server have the postmaster as their common parent. */
async function postmasters(directory: string): Promise<number[]> {
  const pids = await postgresProcesses(directory);
  const parents = await Promise.all(pids.map(parentOf));
  return pids.filter((_, index) => !pids.includes(parents[index] ?? -1));
}

async function parentOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return Number(/\) \S (\d+)/.exec(text)?.[1]);
}

test('a first start creates a durable database, reachable over its socket only', async () => {
  const database = await start({ durable: true });
  for (const name of ['fsync', 'full_page_writes', 'synchronous_commit', 'data_checksums']) {
    expect(await showSetting(database.url, name)).toBe('on');
  }
  expect(await showSetting(database.url, 'listen_addresses')).toBe('');
  expect(await showSetting(database.url, 'server_encoding')).toBe('UTF8');
  const socket = await stat(join(root, 'postgres', '.s.PGSQL.5432'));
  expect(socket.mode & 0o777).toBe(0o700);
  expect((await stat(join(root, 'postgres'))).mode & 0o777).toBe(0o700);
});

test('settings in its own files cannot weaken durability', async () => {
  await (await start({ durable: true })).stop();
  const file = join(root, 'postgres', 'postgresql.auto.conf');
  await writeFile(file, "fsync = 'off'\nlisten_addresses = '*'\n");
  const database = await start({ durable: true });
  expect(await showSetting(database.url, 'fsync')).toBe('on');
  expect(await showSetting(database.url, 'listen_addresses')).toBe('');
});

test('a clean stop leaves no process or socket, and a later start has the data', async () => {
  const first = await start();
  await write(first.url, 1);
  await first.stop();
  await first.stop();
  expect(await postgresProcesses(root)).toEqual([]);
  expect(await readdir(join(root, 'postgres'))).not.toContain('postmaster.pid');
  const second = await start();
  expect(await kept(second.url)).toEqual([1]);
});

test('never runs as root, also below directories that its user cannot enter', async () => {
  const directory = join(root, 'closed', 'data');
  await mkdir(directory, { recursive: true });
  await chmod(join(root, 'closed'), 0o700);
  await chmod(directory, 0o700);
  const database = await start({ dataDirectory: directory });
  const { uid } = await stat(`/proc/${database.pid}`);
  expect(uid).not.toBe(0);
  if (!isRoot) expect(uid).toBe(ownUid);
  expect(await kept(database.url).catch(String)).toContain('does not exist');
});

test('works where the path is longer than a socket address', async () => {
  const directory = join(root, ...Array.from({ length: 12 }, () => 'a-rather-long-name'));
  await mkdir(directory, { recursive: true });
  const database = await start({ dataDirectory: directory });
  await write(database.url, 1);
  expect(await kept(database.url)).toEqual([1]);
});

/** Ready with a new process: right after a kill the state is still `ready`, without a process. */
function isRestarted({ state }: EmbeddedDatabase, before: number): boolean {
  return state.name === 'ready' && state.pid !== before;
}

test('kill -9 of PostgreSQL: it is restarted and commits are kept', async () => {
  const states: EmbeddedState[] = [];
  const database = await start({ durable: true, onState: (state) => states.push(state) });
  const handle = await openDatabase({ url: database.url });
  await write(database.url, 1);
  const before = database.pid ?? -1;
  process.kill(before, 'SIGKILL');
  await eventually(() => isRestarted(database, before)).toBe(true);
  expect(states.map(({ name }) => name)).toEqual([
    'starting',
    'ready',
    'restarting',
    'starting',
    'ready',
  ]);
  await eventually(() => handle.ping(500).then(() => 'answers', String)).toBe('answers');
  expect(await kept(database.url)).toEqual([1]);
  expect(await postmasters(root)).toEqual([database.pid]);
  await handle.close();
});

test('kill -9 of the postmaster while a query keeps a child busy: never two postmasters', async () => {
  const database = await start();
  const busy = query(database.url, `do $$ begin loop end loop; end $$`).catch(String);
  await eventually(() =>
    query(database.url, `select 1 from pg_stat_activity where query like 'do %'`),
  ).toHaveLength(1);
  const before = database.pid ?? -1;
  process.kill(before, 'SIGKILL');
  expect(await busy).toMatch(/terminated|closed|reset/i);
  await eventually(() => isRestarted(database, before)).toBe(true);
  expect(await postmasters(root)).toEqual([database.pid]);
});

test('kill -9 of one session: the server recovers by itself', async () => {
  const database = await start({ durable: true });
  const handle = await openDatabase({ url: database.url });
  await write(database.url, 1);
  const [session] = await query<{ pid: number }>(
    database.url,
    `select pid from pg_stat_activity where application_name = 'lazaret'`,
  );
  process.kill(session?.pid ?? -1, 'SIGKILL');
  await eventually(() => handle.ping(500).then(() => 'answers', String)).toBe('answers');
  expect(await kept(database.url)).toEqual([1]);
  await handle.close();
});

test('stopping while it waits to restart leaves no process', async () => {
  let waits = (): void => undefined;
  const waiting = new Promise<void>((resolve) => (waits = resolve));
  const database = await start({ onState: ({ name }) => name === 'restarting' && waits() });
  process.kill(database.pid ?? -1, 'SIGKILL');
  await waiting;
  await database.stop();
  expect(database.state.name).toBe('stopped');
});

test('kill -9 of Lazaret: PostgreSQL shuts down by itself', async () => {
  const apart = await startProcess(root);
  await write(apart.url, 1);
  await kill(apart.child, 'SIGKILL');
  await eventually(() => postgresProcesses(root)).toEqual([]);
  const database = await start();
  expect(await kept(database.url)).toEqual([1]);
});

test('kill -9 of Lazaret and its watcher: the next start stops the orphan', async () => {
  const apart = await startProcess(root);
  await write(apart.url, 1);
  const watchers = await watchersOf(apart.pid);
  expect(watchers).toHaveLength(1);
  for (const pid of watchers) process.kill(pid, 'SIGKILL');
  await kill(apart.child, 'SIGKILL');
  expect(await postmasters(root)).toEqual([apart.pid]);
  const database = await start();
  expect(await postmasters(root)).toEqual([database.pid]);
  expect(database.pid).not.toBe(apart.pid);
  expect(await kept(database.url)).toEqual([1]);
});

async function watchersOf(pid: number): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const command = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (command.includes('kill -INT') && command.endsWith(`\0${pid}\0`)) found.push(Number(name));
  }
  return found;
}

test('a pid file whose pid now belongs to another process does not prevent the start', async () => {
  await (await start()).stop();
  const { uid, gid } = await stat(join(root, 'postgres'));
  const other = spawn('/bin/sleep', ['60'], { uid, gid, cwd: '/' });
  children.push(other);
  const file = join(root, 'postgres', 'postmaster.pid');
  await writeFile(file, `${other.pid}\n/proc/self/cwd\n1700000000\n5432\n.\n\n  1 1\nready\n`);
  await chown(file, uid, gid);
  await start();
  expect(other.exitCode ?? other.signalCode).toBeNull();
});

test('files of another major version are refused with both versions', async () => {
  await (await start()).stop();
  await writeFile(join(root, 'postgres', 'PG_VERSION'), '17\n');
  const problem = await refusal();
  expect(problem.code).toBe('database_version');
  expect(problem.message).toMatch(/written by PostgreSQL 17; .* includes PostgreSQL 18/);
});

test('a directory with other files in it is not changed', async () => {
  await mkdir(join(root, 'postgres'));
  await writeFile(join(root, 'postgres', 'precious'), 'x');
  expect((await refusal()).message).toContain('not those of a PostgreSQL database');
  expect(await readFile(join(root, 'postgres', 'precious'), 'utf8')).toBe('x');
});

test('a first start that was interrupted is repeated', async () => {
  await mkdir(join(root, 'postgres.new-1', 'base'), { recursive: true });
  await mkdir(join(root, 'postgres'));
  const database = await start();
  await write(database.url, 1);
  expect((await readdir(root)).toSorted()).toEqual(['logs', 'postgres']);
});

test('a server that cannot start is a problem with the lines of its log', async () => {
  await (await start()).stop();
  await writeFile(join(root, 'postgres', 'postgresql.conf'), 'no_such_setting = 1\n');
  const problem = await refusal();
  expect(problem.code).toBe('database_failed');
  expect(problem.message).toContain('no_such_setting');
  expect(problem.message).toContain(join(root, 'logs', 'postgres.log'));
});

test('an ordinary user runs it under their own account, and root later as that user', async () => {
  const daemon: SystemUser = { name: 'daemon', uid: 1, gid: 1 };
  const mayChange = isRoot && (await canReach(dirname(fileURLToPath(moduleUrl)), daemon));
  const user = mayChange ? daemon : await chooseSystemUser(isRoot ? 1 : undefined);
  const directory = join(root, 'of-the-user');
  await mkdir(directory);
  await chmod(root, 0o711);
  if (isRoot) await chown(directory, user.uid, user.gid);
  const apart = await startProcess(directory, mayChange ? user : undefined);
  expect((await stat(`/proc/${apart.pid}`)).uid).toBe(user.uid);
  // The user of Lazaret and root may connect.
  await kill(apart.child, 'SIGTERM');
  const database = await start({ dataDirectory: directory });
  expect((await stat(`/proc/${database.pid}`)).uid).toBe(user.uid);
  await write(database.url, 1);
});

test('a directory without the required permissions is a problem that names them', async () => {
  await (await start()).stop();
  const logs = join(root, 'logs');
  await rm(logs, { recursive: true });
  // Root is refused here too: a kernel file system has no new directories.
  await symlink('/sys/kernel', logs);
  expect((await refusal()).message).toContain('could not be prepared');
});

test('restored files that root owns are changed to the user of the database', async () => {
  const first = await start();
  await write(first.url, 1);
  await first.stop();
  const cluster = join(root, 'postgres');
  if (isRoot) {
    for (const name of await readdir(cluster, { recursive: true })) {
      await lchown(join(cluster, name), 0, 0);
    }
    await lchown(cluster, 0, 0);
  }
  const second = await start();
  expect(await kept(second.url)).toEqual([1]);
});

test('a link that replaces its access file is replaced, not followed', async () => {
  await (await start()).stop();
  const target = join(root, 'target');
  await writeFile(target, 'untouched');
  await rm(join(root, 'postgres', 'pg_hba.conf'));
  await symlink(target, join(root, 'postgres', 'pg_hba.conf'));
  const database = await start();
  await write(database.url, 1);
  expect(await readFile(target, 'utf8')).toBe('untouched');
});
