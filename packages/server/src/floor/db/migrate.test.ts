import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Problem } from '@lazaret/protocol';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { migrate } from './migrate.ts';
import { openDatabase, withAdvisoryLock } from './index.ts';

let database: TestDatabase;
let directory: string;

beforeEach(async () => {
  database = await createTestDatabase(inject('databaseUrl'), { migrated: false });
  directory = await mkdtemp(join(tmpdir(), 'lazaret-migrations-'));
  await write('0001_first.sql', 'create table first (id int);\ncreate table more (id int);\n');
  await write('0002_second.sql', 'create table second (id int);\n');
});

afterEach(async () => {
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

const write = (name: string, text: string): Promise<void> => writeFile(join(directory, name), text);
const remove = (name: string): Promise<void> => rm(join(directory, name));
const run = () => migrate(database.handle, { directory });

async function refusal(): Promise<Problem> {
  const error: unknown = await run().catch((caught: unknown) => caught);
  if (error instanceof Problem) return error;
  throw new Error('expected a refusal');
}

async function tables(): Promise<string[]> {
  const { rows } = await database.handle.pool.query<{ name: string }>(
    `select table_name as name from information_schema.tables
     where table_schema = 'public' and table_name <> 'schema_migrations' order by 1`,
  );
  return rows.map(({ name }) => name);
}

test('applies missing migrations, once', async () => {
  const names = ['0001_first.sql', '0002_second.sql'];
  expect(await run()).toEqual({ versionBefore: 0, version: 2, applied: names });
  expect(await run()).toEqual({ versionBefore: 2, version: 2, applied: [] });
  await write('0003_third.sql', 'create table third (id int);');
  expect(await run()).toEqual({ versionBefore: 2, version: 3, applied: ['0003_third.sql'] });
  expect(await tables()).toEqual(['first', 'more', 'second', 'third']);
});

test('concurrent processes: one applies, the other waits and finds nothing to do', async () => {
  await write('0003_slow.sql', 'select pg_sleep(0.2); create table slow (id int);');
  const other = await openDatabase({ url: database.url });
  const reports = await Promise.all([
    run(),
    migrate(other, { directory }),
    migrate(other, { directory }),
  ]);
  const counts = reports.map(({ applied }) => applied.length);
  expect(counts.toSorted((a, b) => a - b)).toEqual([0, 0, 3]);
  await other.close();
});

test('does not wait forever for another process', async () => {
  await withAdvisoryLock(database.handle, 'lazaret migrations', async () => {
    const waiting = migrate(database.handle, { directory, waitMs: 30 });
    await expect(waiting).rejects.toMatchObject({ code: 'unavailable' });
  });
  expect(await tables()).toEqual([]);
});

test('refuses a schema newer than the program with both versions', async () => {
  await run();
  await remove('0002_second.sql');
  const problem = await refusal();
  expect(problem.code).toBe('database_newer');
  expect(problem.message).toMatch(/has schema 2, .*supports schemas up to 1\./);
  expect(problem.message).toMatch(/Start Lazaret \d+\.\d+\.\d+ or newer, or restore a backup/);
});

test('refuses an applied file that has changed', async () => {
  await run();
  await write('0001_first.sql', 'create table first (id bigint);');
  const problem = await refusal();
  expect(problem.code).toBe('database_migrations');
  expect(problem.message).toContain('0001_first.sql is not the file');
});

test('refuses an applied file under another name', async () => {
  await run();
  await remove('0001_first.sql');
  await write('0001_renamed.sql', 'create table first (id int);\ncreate table more (id int);\n');
  expect((await refusal()).message).toContain('applied as 0001_first.sql');
});

test('line endings changed by a checkout do not count as a change', async () => {
  await run();
  await write('0001_first.sql', 'create table first (id int);\r\ncreate table more (id int);\r\n');
  expect((await run()).applied).toEqual([]);
});

test('refuses a gap in the numbers, a duplicate number and an invalid name', async () => {
  await write('0004_late.sql', 'select 1;');
  expect((await refusal()).message).toContain('Expected a migration 0003_name.sql');
  await remove('0004_late.sql');
  await write('0002_twice.sql', 'select 1;');
  expect((await refusal()).message).toContain('found 0002_twice.sql');
  await remove('0002_twice.sql');
  await write('third.sql', 'select 1;');
  expect((await refusal()).message).toContain('found third.sql');
  expect(await tables()).toEqual([]);
});

test('refuses a database in which an earlier one was never applied', async () => {
  await run();
  await database.handle.pool.query('delete from schema_migrations where number = 1');
  const problem = await refusal();
  expect(problem.code).toBe('database_migrations');
  expect(problem.message).toContain('Migration 1 was never applied');
});

test('a failing migration is rolled back, previous ones remain, and the error has the line', async () => {
  await write('0003_broken.sql', 'create table third (id int);\n\nselect nonsense from first;\n');
  const problem = await refusal();
  expect(problem.message).toMatch(
    /0003_broken\.sql failed at line 3 and was rolled back: .*nonsense/,
  );
  expect(await tables()).toEqual(['first', 'more', 'second']);
  await write('0003_broken.sql', 'create table third (id int);');
  expect((await run()).applied).toEqual(['0003_broken.sql']);
});

test('a migration may take longer than a statement is allowed otherwise', async () => {
  const short = await openDatabase({ url: database.url, statementTimeoutMs: 50 });
  await write('0003_slow.sql', 'select pg_sleep(0.2);');
  expect((await migrate(short, { directory })).version).toBe(3);
  await short.close();
});

test('the migrations of this program apply to an empty database', async () => {
  const files = await readdir(new URL('migrations', import.meta.url));
  const report = await migrate(database.handle);
  expect(report.applied).toEqual(files.filter((name) => name.endsWith('.sql')).toSorted());
});

test('operators keep their permissions when the role operator no longer includes submitting', async () => {
  const folder = new URL('migrations/', import.meta.url);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted();
  const number = names.findIndex((name) => name.endsWith('_operators_submit.sql'));
  for (const name of ['0001_first.sql', '0002_second.sql']) await remove(name);
  for (const name of names.slice(0, number))
    await copyFile(new URL(name, folder), join(directory, name));
  await run();
  await database.handle.pool.query(`
    insert into projects (name, title) values ('red', '');
    insert into users (name, display_name) values ('ann', ''), ('ben', '');
    insert into grants (user_name, role, project) values
      ('ann', 'operator', null), ('ann', 'operator', 'red'), ('ann', 'submitter', 'red'),
      ('ben', 'viewer', null)`);
  const name = names[number] ?? '';
  await copyFile(new URL(name, folder), join(directory, name));
  expect((await run()).applied).toEqual([name]);
  const { rows } = await database.handle.pool.query(
    'select user_name, role, project from grants order by 1, 2, 3 nulls first',
  );
  expect(rows.map((row) => Object.values(row).join(' '))).toEqual([
    'ann operator ',
    'ann operator red',
    'ann submitter ',
    'ann submitter red',
    'ben viewer ',
  ]);
});
