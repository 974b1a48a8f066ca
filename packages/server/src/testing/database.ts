/**
 * Databases for tests: one embedded PostgreSQL serves a whole run (see test/global-setup.ts), and
 * each test file makes itself a fresh database as a copy of a template in which all migrations
 * are applied. Everything but durability is as in production.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type DatabaseHandle, migrate, openDatabase, startEmbeddedDatabase } from '../db/index.ts';

const template = 'lazaret_template';
/** Every worker of the test runner has a pool, and many tests have several. */
const connections = 300;

export interface TestServer {
  /** URL of its maintenance database; `createTestDatabase` takes it. */
  readonly url: string;
  stop(): Promise<void>;
}

export interface TestDatabase {
  /** For what opens a connection of its own. */
  readonly url: string;
  readonly handle: DatabaseHandle;
  /** Closes the handle, ends whatever is still connected and drops the database. */
  drop(): Promise<void>;
}

/** Starts a PostgreSQL that forgets everything at the end, with the template prepared. */
export async function startTestServer(): Promise<TestServer> {
  const directory = await mkdtemp(join(tmpdir(), 'lazaret-test-database-'));
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
 * Makes a database for one test file. `migrated: false` gives an empty one.
 *
 * @param url what `startTestServer` answered; in a test, `inject('databaseUrl')`
 */
export async function createTestDatabase(
  url: string,
  options: { readonly migrated?: boolean } = {},
): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  const source = options.migrated === false ? 'template1' : template;
  await command(url, `create database ${name} template ${source} strategy wal_log`);
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
