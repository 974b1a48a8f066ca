import { sql } from 'kysely';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { prepared } from './prepared.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
});

afterAll(() => database.drop());

test('a named statement is planned once for a connection, and takes new values', async () => {
  const { db } = database.handle;
  const found = await db.connection().execute(async (connection) => {
    const values: unknown[] = [];
    for (const value of [1, 2, 3]) {
      const query = sql<{ n: number }>`select ${value}::int as n ${prepared('probe')}`;
      values.push((await query.execute(connection)).rows[0]?.n);
    }
    // not named: neither the word in a value nor in the middle of a text counts
    await sql`select ${'/* prepared: other */'}::text /* prepared: third */ as n`.execute(
      connection,
    );
    const { rows } = await sql`select name from pg_prepared_statements`.execute(connection);
    return { values, rows };
  });
  expect(found).toEqual({ values: [1, 2, 3], rows: [{ name: 'probe' }] });
});
