/**
 * Statements that each connection plans once, because planning takes most of their time: a read by
 * two primary keys is planned in 0.4 ms and runs in 0.06 ms. For texts that never change, and with
 * a list of columns: one that selects `*` fails once a migration has added a column.
 */
import { sql, type RawBuilder } from 'kysely';

/** Goes to the end of a statement: `query.modifyEnd(prepared('name'))`. */
export function prepared(name: string): RawBuilder<unknown> {
  return sql.raw(`/* prepared: ${name} */`);
}

/** The name that a text was given; undefined for one that is planned each time. */
export function preparedName(text: string): string | undefined {
  return text.endsWith(' */') ? /\/\* prepared: (\w+) \*\/$/.exec(text)?.[1] : undefined;
}
