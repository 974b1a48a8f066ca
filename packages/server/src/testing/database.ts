/**
 * Databases for tests: one embedded PostgreSQL serves a whole run (see test/global-setup.ts), and
 * each test file creates a fresh database as a copy of a template with all migrations applied.
 * Everything except durability is as in production.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { units } from '@lazaret/protocol';
import pg from 'pg';
import {
  type DatabaseHandle,
  migrate,
  openDatabase,
  startEmbeddedDatabase,
} from '../floor/db/index.ts';

const template = 'lazaret_template';
const directoryPrefix = 'lazaret-test-database-';
/** Measured: copying the template takes 10 ms in memory, 300 ms on a disk. */
const memoryPlace = '/dev/shm';
const memoryFreeBytesMin = 2 * units.GiB;
/** Every worker of the test runner has a pool, and many tests have several. */
const connections = 300;

export interface TestServer {
  /** URL of its maintenance database; `createTestDatabase` takes it. */
  readonly url: string;
  stop(): Promise<void>;
}

export interface TestDatabase {
  /** For code that opens its own connection. */
  readonly url: string;
  readonly handle: DatabaseHandle;
  /** Closes the handle, terminates remaining connections and drops the database. */
  drop(): Promise<void>;
}

/** Starts a PostgreSQL without durable data, with the template prepared. */
export async function startTestServer(): Promise<TestServer> {
  const directory = await makeFastDirectory(`${directoryPrefix}${process.pid}-`);
  await sweep(dirname(directory));
  const server = await startEmbeddedDatabase({
    dataDirectory: directory,
    durable: false,
    connections,
  });
  const stop = async (): Promise<void> => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await prepareTemplate(server.url);
    return { url: server.url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A new directory in memory if there is space, else in the temporary directory. */
export async function makeFastDirectory(prefix: string): Promise<string> {
  return mkdtemp(join(await choosePlace(), prefix));
}

async function choosePlace(): Promise<string> {
  try {
    const { bavail, bsize } = await statfs(memoryPlace);
    if (bavail * bsize >= memoryFreeBytesMin) return memoryPlace;
  } catch {
    // No such directory here.
  }
  return tmpdir();
}

/** Removes leftovers of killed runs. */
async function sweep(place: string): Promise<void> {
  for (const name of await readdir(place)) {
    if (!name.startsWith(directoryPrefix)) continue;
    const pid = Number(name.slice(directoryPrefix.length).split('-')[0]);
    if (!isRunning(pid)) await rm(join(place, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

async function prepareTemplate(url: string): Promise<void> {
  await command(url, `create database ${template}`);
  const handle = await openDatabase({ url: inDatabase(url, template), connections: 2 });
  try {
    await migrate(handle);
  } finally {
    await handle.close();
  }
}

/**
 * Creates a database for one test file. `migrated: false` creates an empty one.
 *
 * @param url the result of `startTestServer`; in a test, `inject('databaseUrl')`
 */
export async function createTestDatabase(
  url: string,
  options: { readonly migrated?: boolean } = {},
): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  const source = options.migrated === false ? 'template1' : template;
  await command(url, `create database ${name} template ${source} strategy file_copy`);
  const own = inDatabase(url, name);
  const handle = await openDatabase({ url: own, applicationName: 'test' });
  const drop = async (): Promise<void> => {
    await handle.close();
    await command(url, `drop database if exists ${name} with (force)`);
  };
  return { url: own, handle, drop };
}

function inDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

async function command(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
