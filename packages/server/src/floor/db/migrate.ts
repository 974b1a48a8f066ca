/**
 * Forward-only migrations: plain files `0001_name.sql`, numbered without gaps, each run once in a
 * transaction with its row in `schema_migrations`, under a lock that makes a second
 * process wait. The number of the last one is the version of the schema.
 *
 * Refused before any change: a schema newer than this program, an applied file that is missing
 * or has changed, a gap. Statements that cannot run in a transaction (CREATE
 * INDEX CONCURRENTLY) have no place here.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Problem } from '@lazaret/protocol';
import pg from 'pg';
import manifest from '../../../package.json' with { type: 'json' };
import { withAdvisoryLock } from './advisory-lock.ts';
import type { DatabaseHandle } from './database.ts';
import { databaseLimits } from './limits.ts';

export interface MigrationOptions {
  /** Directory of the files; that of this program unless given. */
  readonly directory?: string;
  /** How long to wait for another process that migrates. */
  readonly waitMs?: number;
}

export interface MigrationReport {
  readonly versionBefore: number;
  readonly version: number;
  /** Names of the files that were applied by this call. */
  readonly applied: readonly string[];
}

interface Migration {
  readonly number: number;
  readonly name: string;
  readonly text: string;
  readonly checksum: string;
}

interface AppliedMigration {
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
  readonly program: string;
}

const fileName = /^(\d{4})_[a-z0-9_]+\.sql$/;

/**
 * Migrates the schema to the version of this program. Throws the problems `database_newer`,
 * `database_migrations`, and `unavailable` when another process migrates for too long.
 */
export async function migrate(
  handle: Pick<DatabaseHandle, 'pool'>,
  options: MigrationOptions = {},
): Promise<MigrationReport> {
  const directory = options.directory ?? fileURLToPath(new URL('migrations', import.meta.url));
  const { waitMs = databaseLimits.migrationLockWaitMs } = options;
  const migrations = await readMigrations(directory);
  const work = async (): Promise<MigrationReport> => {
    const applied = await readApplied(handle.pool);
    checkApplied(applied, migrations);
    const pending = migrations.slice(applied.length);
    for (const migration of pending) await apply(handle.pool, migration);
    return {
      versionBefore: applied.length,
      version: migrations.length,
      applied: pending.map(({ name }) => name),
    };
  };
  return withAdvisoryLock(handle, 'lazaret migrations', work, { waitMs });
}

async function readMigrations(directory: string): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).toSorted();
  const migrations: Migration[] = [];
  for (const [index, name] of names.entries()) {
    const number = Number(fileName.exec(name)?.[1]);
    if (number !== index + 1) {
      const expected = String(index + 1).padStart(4, '0');
      throw new Problem(
        'database_migrations',
        `Expected a migration ${expected}_name.sql in ${directory}, found ${name}: the numbers ` +
          'must follow each other without a gap.',
      );
    }
    // A checkout may have changed the line endings.
    const text = (await readFile(join(directory, name), 'utf8')).replaceAll('\r\n', '\n');
    migrations.push({ number, name, text, checksum: hash(text) });
  }
  return migrations;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function readApplied(pool: pg.Pool): Promise<AppliedMigration[]> {
  await pool.query(
    `create table if not exists schema_migrations (
       number integer primary key,
       name text not null,
       checksum text not null,
       program text not null,
       applied_at timestamptz not null default now()
     )`,
  );
  const { rows } = await pool.query<AppliedMigration>(
    'select number, name, checksum, program from schema_migrations order by number limit $1',
    [databaseLimits.migrations],
  );
  return rows;
}

function checkApplied(
  applied: readonly AppliedMigration[],
  migrations: readonly Migration[],
): void {
  const last = applied.at(-1);
  if (last === undefined) return;
  if (last.number > migrations.length) {
    throw new Problem(
      'database_newer',
      `The database has schema ${last.number}, migrated by Lazaret ${last.program}; this is ` +
        `Lazaret ${manifest.version}, which supports schemas up to ${migrations.length}. ` +
        `Start Lazaret ${last.program} or newer, or restore a backup made before the upgrade.`,
    );
  }
  for (const [index, found] of applied.entries()) {
    const migration = migrations[index];
    if (migration === undefined || found.number !== migration.number) {
      throw new Problem(
        'database_migrations',
        `Migration ${index + 1} was never applied to the database, but ${found.name} was. ` +
          'Restore the table schema_migrations from a backup.',
      );
    }
    if (found.name !== migration.name || found.checksum !== migration.checksum) {
      throw new Problem(
        'database_migrations',
        `${migration.name} is not the file that Lazaret ${found.program} applied as ` +
          `${found.name}. Applied migrations must not change: restore the file and write the ` +
          'change as a new migration.',
      );
    }
  }
}

async function apply(pool: pg.Pool, migration: Migration): Promise<void> {
  const client = await pool.connect();
  let done = false;
  try {
    await client.query('begin');
    await client.query('set local statement_timeout = 0');
    await client.query(unbounded(migration.text));
    await client.query(
      'insert into schema_migrations (number, name, checksum, program) values ($1, $2, $3, $4)',
      [migration.number, migration.name, migration.checksum, manifest.version],
    );
    await client.query('commit');
    done = true;
  } catch (error) {
    throw explain(migration, error);
  } finally {
    // Ending the session rolls back an open transaction.
    client.release(!done);
  }
}

/** A migration may rewrite a large table; readiness checks the server meanwhile. */
function unbounded(text: string): pg.QueryConfig & { query_timeout: number } {
  return { text, query_timeout: databaseLimits.migrationMs };
}

function explain(migration: Migration, error: unknown): unknown {
  if (!(error instanceof pg.DatabaseError)) return error;
  const position = Number(error.position);
  const before = Number.isInteger(position) ? migration.text.slice(0, position - 1) : '';
  const line = before === '' ? '' : ` at line ${before.split('\n').length}`;
  return new Problem(
    'database_migrations',
    `${migration.name} failed${line} and was rolled back: ${error.message}`,
    { cause: error },
  );
}
