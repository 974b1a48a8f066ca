/** Stores each name once, so that a search for a part of a name reads few rows. */
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { inspectionLimits } from './limits.ts';
import { indexedNameChars, type NameTable } from './search/matching-names.ts';
import { storable } from '../floor/storable.ts';

/** The last component of a path, as in the index of files. */
export function lastComponent(path: string): string {
  const name = storable(path.slice(path.lastIndexOf('/') + 1));
  return [...name].slice(0, indexedNameChars).join('');
}

/** A name of a package or rule, as in their indexes. */
export function indexedName(name: string): string {
  return [...storable(name)].slice(0, inspectionLimits.indexedPathChars).join('');
}

/**
 * Adds missing names. Each statement is a separate transaction and inserts its names in order,
 * so that two inspectors never deadlock.
 */
export async function insertNames(
  database: Kysely<Database>,
  table: NameTable,
  names: Iterable<string>,
): Promise<void> {
  const inOrder = [...new Set(names)].toSorted();
  for (let at = 0; at < inOrder.length; at += inspectionLimits.imageRowsPerInsert) {
    const part = inOrder.slice(at, at + inspectionLimits.imageRowsPerInsert);
    await sql`
      insert into ${sql.table(table)} (name)
      select name from unnest(${part}::text[]) as given (name)
      where not exists (
        select from ${sql.table(table)} as known where known.name = given.name collate "C")
      on conflict do nothing
    `.execute(database);
  }
}
