/**
 * The installation's own id: it labels containers, so that two on one engine leave each other
 * alone.
 */
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { newId } from '../floor/ids.ts';

/** The id, made at the first start of a database. */
export async function ensureInstance(database: Kysely<Database>): Promise<string> {
  await database
    .insertInto('instance')
    .values({ id: newId() })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { id } = await database.selectFrom('instance').select('id').executeTakeFirstOrThrow();
  return id;
}
