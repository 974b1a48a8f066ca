/**
 * The id of the installation: it labels containers, so that two installations can share an
 * engine.
 */
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { newId } from '../floor/ids.ts';

/** The id, generated at the first start with a database. */
export async function ensureInstance(database: Kysely<Database>): Promise<string> {
  await database
    .insertInto('instance')
    .values({ id: newId() })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { id } = await database.selectFrom('instance').select('id').executeTakeFirstOrThrow();
  return id;
}
