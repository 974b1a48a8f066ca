/**
 * The connection pool and the typed queries over it.
 *
 * Numbers: int8 becomes a number, and a value beyond 2^53 - 1 is an error of the query that read
 * it: every count, size and sequence of Lazaret is far below, and silent rounding would be
 * wrong. numeric is read as text.
 *
 * Time: the server cancels a statement after `databaseLimits.statementMs`. When its answer does
 * not come shortly after that either, the connection is dead without knowing it (a cut network,
 * a stopped server), and is thrown away instead of going back to the pool.
 *
 * Locks and LISTEN belong to sessions: a pooler in between must pool by session.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '@lazaret/protocol';
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import pg from 'pg';
import { serverLimits } from '../limits.ts';
import { databaseProblem, isReadTimeout } from './database-problem.ts';
import { databaseLimits } from './limits.ts';
import { preparedName } from './prepared.ts';
import type { Database } from './schema.ts';

export interface DatabaseHandle {
  readonly db: Kysely<Database>;
  /** For features that Kysely does not cover: LISTEN, session locks, other libraries. */
  readonly pool: pg.Pool;
  /** One round trip, bounded. Throws the problem `database_unavailable`. */
  ping(timeoutMs?: number): Promise<void>;
  /** Waits for running queries, then closes every connection. Safe to call twice. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** A connection URL; `sslmode=verify-full` and `sslrootcert=FILE` enable TLS. */
  readonly url: string;
  /** The application name in the server's list of sessions. */
  readonly applicationName?: string;
  readonly connections?: number;
  readonly statementTimeoutMs?: number;
  /** How long to wait for a server that does not respond yet. */
  readonly startTimeoutMs?: number;
  /** Called when an idle connection is lost. The pool replaces it by itself. */
  readonly onConnectionLost?: (error: Error) => void;
}

const oldestVersion = 150_000;
const answerGraceMs = 5_000;
const startPollMs = 100;

/**
 * Opens the pool, waits until the server responds and checks its version and encoding. Throws the
 * problems `database_unavailable` and `database_version`.
 */
export async function openDatabase(options: DatabaseOptions): Promise<DatabaseHandle> {
  const pool = createPool(options);
  const db = new Kysely<Database>({
    dialect: new PostgresDialect({ pool: discardDeadConnections(pool) }),
  });
  let closing: Promise<void> | undefined;
  const handle: DatabaseHandle = {
    db,
    pool,
    ping: (timeoutMs = serverLimits.readinessMs) => ping(pool, timeoutMs),
    close: () => (closing ??= pool.end()),
  };
  try {
    await waitForServer(pool, options.startTimeoutMs ?? databaseLimits.startMs);
    await checkServer(pool);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function createPool(options: DatabaseOptions): pg.Pool {
  const statementMs = options.statementTimeoutMs ?? databaseLimits.statementMs;
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: options.applicationName ?? 'lazaret',
    max: options.connections ?? databaseLimits.pool,
    connectionTimeoutMillis: databaseLimits.connectMs,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    statement_timeout: statementMs,
    query_timeout: statementMs + answerGraceMs,
    idle_in_transaction_session_timeout: statementMs * 2,
    types: { getTypeParser: typeParser },
  });
  const lost = (error: Error): void => options.onConnectionLost?.(error);
  pool.on('error', lost);
  // A connection that is lost while it is checked out, between two queries, has no other listener.
  pool.on('connect', (client) => client.on('error', lost));
  return pool;
}

function typeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (oid === int8Oid && format !== 'binary') return parseInteger;
  if (oid === int8ArrayOid && format !== 'binary') return parseIntegers;
  return pg.types.getTypeParser(oid, format);
}

const int8Oid = 20;
const int8ArrayOid = 1016;

/** Reads `{1,2,NULL}`; an array of arrays is an error. */
function parseIntegers(value: string): (number | null)[] {
  const items = value === '{}' ? [] : value.slice(1, -1).split(',');
  return items.map((item) => (item === 'NULL' ? null : parseInteger(item)));
}

function parseInteger(value: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new RangeError(`the database answered ${value}, not a whole number within 2^53 - 1`);
}

/** The pool for Kysely: a connection whose query timed out is closed on release. */
function discardDeadConnections(pool: pg.Pool): PostgresPool {
  const known = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  const connect = async (): Promise<PostgresPoolClient> => {
    const client = await pool.connect();
    const lent = known.get(client) ?? lend(client);
    known.set(client, lent);
    return lent;
  };
  return { connect, end: () => pool.end(), options: pool.options };
}

function lend(client: pg.PoolClient): PostgresPoolClient {
  let dead = false;
  const query = async (text: unknown, values?: unknown): Promise<unknown> => {
    try {
      const name = preparedName(String(text));
      const given = { text: String(text), values: Array.isArray(values) ? values : [] };
      return await client.query(name === undefined ? given : { name, ...given });
    } catch (error) {
      dead ||= isReadTimeout(error);
      throw error;
    }
  };
  return {
    query: query as PostgresPoolClient['query'],
    release: (destroy) => client.release(destroy === true || dead),
  };
}

async function ping(pool: pg.Pool, timeoutMs: number): Promise<void> {
  // Includes the wait for a free connection, and for its response.
  const asked = pool.query({ text: 'select 1', query_timeout: timeoutMs } as pg.QueryConfig);
  const deadline = new AbortController();
  const late = sleep(timeoutMs, 'late' as const, { signal: deadline.signal });
  try {
    const outcome = await Promise.race([asked, late]);
    if (outcome !== 'late') return;
    // It fails or ends later; nothing waits for it.
    asked.catch(() => undefined);
    throw new Problem('database_unavailable', `No response within ${timeoutMs} ms.`);
  } catch (error) {
    throw databaseProblem(error) ?? error;
  } finally {
    late.catch(() => undefined);
    deadline.abort();
  }
}

async function waitForServer(pool: pg.Pool, timeoutMs: number): Promise<void> {
  const start = performance.now();
  for (;;) {
    try {
      return await ping(pool, databaseLimits.connectMs);
    } catch (error) {
      const waitedMs = performance.now() - start;
      if (!(error instanceof Problem) || waitedMs + startPollMs > timeoutMs) throw error;
      await sleep(startPollMs);
    }
  }
}

async function checkServer(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ version: string; number: number; encoding: string }>(
    `select current_setting('server_version') as version,
            current_setting('server_version_num')::int as number,
            current_setting('server_encoding') as encoding`,
  );
  const [server] = rows;
  if (server === undefined) throw new Error('the server returned no row');
  if (server.number < oldestVersion) {
    throw new Problem(
      'database_version',
      `The server is PostgreSQL ${server.version}; Lazaret needs 15 or newer. ` +
        'Upgrade it, or omit DATABASE_URL to use the embedded one.',
    );
  }
  if (server.encoding !== 'UTF8') {
    throw new Problem(
      'database_version',
      `The database has the encoding ${server.encoding}; Lazaret needs UTF8. ` +
        "Create it with: CREATE DATABASE lazaret ENCODING 'UTF8' TEMPLATE template0.",
    );
  }
}

export interface DatabaseDescription {
  readonly serverVersion: string;
  readonly database: string;
  readonly sizeBytes: number;
  readonly connections: number;
  readonly connectionsMax: number;
  /** Whether an acknowledged commit survives a crash of the machine. */
  readonly durable: boolean;
}

/** Information about the database for operators. */
export async function describeDatabase(handle: DatabaseHandle): Promise<DatabaseDescription> {
  const { rows } = await handle.pool.query<DatabaseDescription>(
    `select current_setting('server_version') as "serverVersion",
            current_database() as "database",
            pg_database_size(current_database()) as "sizeBytes",
            (select count(*) from pg_stat_activity where datname = current_database())
              as "connections",
            current_setting('max_connections')::int as "connectionsMax",
            current_setting('fsync')::bool and current_setting('full_page_writes')::bool
              and current_setting('synchronous_commit') <> 'off' as "durable"`,
  );
  const [description] = rows;
  if (description === undefined) throw new Error('the server returned no row');
  return description;
}
