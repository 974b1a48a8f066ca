import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Problem } from '@lazaret/protocol';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import {
  databaseProblem,
  type DatabaseHandle,
  describeDatabase,
  openDatabase,
  transaction,
  withAdvisoryLock,
} from './index.ts';

let database: TestDatabase;
let handle: DatabaseHandle;

beforeEach(async () => {
  database = await createTestDatabase(inject('databaseUrl'), { migrated: false });
  handle = database.handle;
});

afterEach(() => database.drop());

async function caught(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Polls for as long as a busy machine may need. */
function eventually<T>(read: () => T) {
  return expect.poll(read, { timeout: 30_000, interval: 20 });
}

async function read<T>(text: string): Promise<T | undefined> {
  const { rows } = await sql<{ value: T }>`${sql.raw(text)}`.execute(handle.db);
  return rows[0]?.value;
}

test('whole numbers are read as numbers, also in arrays, if they are exact', async () => {
  expect(await read('select 9007199254740991::int8 as value')).toBe(Number.MAX_SAFE_INTEGER);
  expect(await read('select count(*) as value from pg_class where false')).toBe(0);
  expect(await read(`select '{1,NULL,-3}'::int8[] as value`)).toEqual([1, null, -3]);
  expect(await read(`select '{}'::int8[] as value`)).toEqual([]);
});

test('a whole number that would be rounded is an error, and the connection remains usable', async () => {
  await expect(read('select 9007199254740992::int8 as value')).rejects.toThrow('2^53');
  await expect(read(`select '{9007199254740993}'::int8[] as value`)).rejects.toThrow('2^53');
  expect(await read('select 1::int8 as value')).toBe(1);
});

test('describes server, size and durability', async () => {
  const description = await describeDatabase(handle);
  expect(description).toMatchObject({ durable: false, database: expect.stringMatching(/^test_/) });
  expect(description.serverVersion).toMatch(/^18\./);
  expect(description.sizeBytes).toBeGreaterThan(1_000_000);
  expect(description.connections).toBeGreaterThan(0);
  expect(description.connections).toBeLessThan(description.connectionsMax);
});

test('the server cancels a statement that runs too long', async () => {
  const short = await openDatabase({ url: database.url, statementTimeoutMs: 50 });
  const error = await caught(sql`select pg_sleep(60)`.execute(short.db));
  expect(error).toMatchObject({ code: '57014' });
  await short.close();
});

test('queries continue after every connection was ended by the server', async () => {
  const lost: Error[] = [];
  const other = await openDatabase({
    url: database.url,
    applicationName: 'to be ended',
    onConnectionLost: (error) => lost.push(error),
  });
  const working = Array.from({ length: 4 }, () => sql`select pg_sleep(0.05)`.execute(other.db));
  await Promise.all(working);
  const held = await other.pool.connect();
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
            where application_name = 'to be ended'`.execute(handle.db);
  await eventually(() => lost.length).toBeGreaterThanOrEqual(4);
  expect(databaseProblem(lost[0])?.code).toBe('database_unavailable');
  held.release();
  // The pool may return a connection once more before it notices that it has ended.
  const answers = () =>
    other.ping().then(
      () => true,
      () => false,
    );
  await eventually(answers).toBe(true);
  await other.close();
});

test('a transaction runs again after a serialization failure', async () => {
  await sql`create table counter (value int8 not null)`.execute(handle.db);
  await sql`insert into counter values (0)`.execute(handle.db);
  let runs = 0;
  const increment = () =>
    transaction(
      handle.db,
      async (trx) => {
        runs += 1;
        const { rows } = await sql<{ value: number }>`select value from counter`.execute(trx);
        await sql`select pg_sleep(0.02)`.execute(trx);
        await sql`update counter set value = ${(rows[0]?.value ?? 0) + 1}`.execute(trx);
      },
      { isolation: 'serializable', attempts: 50 },
    );
  await Promise.all([increment(), increment(), increment()]);
  expect(await read('select value from counter')).toBe(3);
  expect(runs).toBeGreaterThan(3);
});

test('a transaction runs again after a deadlock', async () => {
  await sql`create table pair (id int primary key, value int not null default 0)`.execute(
    handle.db,
  );
  await sql`insert into pair values (1), (2)`.execute(handle.db);
  const touch = (first: number, second: number) =>
    transaction(handle.db, async (trx) => {
      await sql`update pair set value = value + 1 where id = ${first}`.execute(trx);
      await sql`select pg_sleep(0.1)`.execute(trx);
      await sql`update pair set value = value + 1 where id = ${second}`.execute(trx);
    });
  await Promise.all([touch(1, 2), touch(2, 1)]);
  expect(await read('select sum(value)::int as value from pair')).toBe(4);
});

test('a transaction gives up after its attempts, and other errors are not retried', async () => {
  let runs = 0;
  const failing = (state: string) =>
    transaction(
      handle.db,
      async (trx) => {
        runs += 1;
        await sql.raw(`do $$ begin raise sqlstate '${state}'; end $$`).execute(trx);
      },
      { attempts: 3 },
    );
  expect(await caught(failing('40001'))).toMatchObject({ code: '40001' });
  expect(runs).toBe(3);
  expect(await caught(failing('23505'))).toMatchObject({ code: '23505' });
  expect(runs).toBe(4);
});

test('only one holder of an advisory lock at a time; the next waits with a limit', async () => {
  const order: string[] = [];
  let finish = (): void => undefined;
  const first = withAdvisoryLock(handle, 'one', async () => {
    order.push('first in');
    await new Promise<void>((resolve) => (finish = resolve));
    order.push('first out');
  });
  await eventually(() => order).toEqual(['first in']);
  const refused = await caught(withAdvisoryLock(handle, 'one', async () => 1, { waitMs: 20 }));
  expect(refused).toMatchObject({ code: 'unavailable' });
  expect(await withAdvisoryLock(handle, 'another', async () => 'free')).toBe('free');
  const second = withAdvisoryLock(handle, 'one', async () => order.push('second in'));
  finish();
  await Promise.all([first, second]);
  expect(order).toEqual(['first in', 'first out', 'second in']);
});

test('the holder of an advisory lock is notified when its session is lost', async () => {
  const outcome = await withAdvisoryLock(handle, 'lost', async (signal) => {
    await sql`select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'
              and database = (select oid from pg_database where datname = current_database())`.execute(
      handle.db,
    );
    if (!signal.aborted) await once(signal, 'abort');
    return 'told';
  });
  expect(outcome).toBe('told');
  expect(await withAdvisoryLock(handle, 'lost', async () => 'again')).toBe('again');
});

test('an unreachable server is a problem after the start timeout', async () => {
  const url = new URL(database.url);
  url.searchParams.set('host', join(tmpdir(), 'no-such-directory'));
  const error = await caught(openDatabase({ url: url.href, startTimeoutMs: 250 }));
  expect(error).toMatchObject({ code: 'database_unavailable' });
  const missing = new URL(database.url);
  missing.pathname = '/no_such_database';
  const absent = await caught(openDatabase({ url: missing.href, startTimeoutMs: 0 }));
  expect(absent).toBeInstanceOf(Problem);
  expect(String(absent)).toContain('no_such_database');
});

test('a database that is not UTF8 is refused', async () => {
  const name = `${database.url.split('/').at(-1)?.split('?')[0]}_latin`;
  await handle.pool.query(
    `create database ${name} encoding 'LATIN1' locale 'C' locale_provider libc template template0`,
  );
  const url = new URL(database.url);
  url.pathname = `/${name}`;
  const error = await caught(openDatabase({ url: url.href }));
  expect(error).toMatchObject({ code: 'database_version' });
  await handle.pool.query(`drop database ${name} with (force)`);
});

/** Forwards bytes between client and server until it is switched to drop them. */
class Proxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  directory = '';
  cut = false;

  constructor(target: string) {
    this.#server = createServer((client) => {
      // Dropped forever, like packets on a broken network.
      if (this.cut) {
        this.#sockets.add(client);
        return;
      }
      const upstream = new URL(target).searchParams.get('host') ?? '';
      const server = new Socket();
      server.connect(`${upstream}/.s.PGSQL.5432`);
      for (const [from, to] of [
        [client, server],
        [server, client],
      ] as const) {
        this.#sockets.add(from);
        from.on('data', (data) => !this.cut && to.write(data));
        from.on('close', () => !this.cut && to.destroy());
        from.on('error', () => undefined);
      }
    });
  }

  async listen(): Promise<void> {
    this.directory = await mkdtemp(join(tmpdir(), 'lazaret-proxy-'));
    this.#server.listen(join(this.directory, '.s.PGSQL.5432'));
    await once(this.#server, 'listening');
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await rm(this.directory, { recursive: true });
  }
}

test('connections that died silently are discarded, and ping does not wait', async () => {
  const proxy = new Proxy(database.url);
  await proxy.listen();
  const url = new URL(database.url);
  url.searchParams.set('host', proxy.directory);
  const through = await openDatabase({ url: url.href, connections: 2, statementTimeoutMs: 100 });
  const half = Promise.all([1, 2].map(() => sql`select pg_sleep(0.01)`.execute(through.db)));
  await half;
  expect(through.pool.totalCount).toBe(2);
  proxy.cut = true;
  expect(await caught(through.ping(100))).toMatchObject({ code: 'database_unavailable' });
  const stuck = await caught(sql`select 1`.execute(through.db));
  expect(databaseProblem(stuck)?.code).toBe('database_unavailable');
  await eventually(() => through.pool.totalCount).toBe(0);
  proxy.cut = false;
  await through.ping();
  await through.close();
  await proxy.close();
}, 30_000);
