/** Names that contain a text, from the tables that have every name once. */
import { sql, type RawBuilder } from 'kysely';

import { containsPattern, startsPattern } from '../../floor/searchable.ts';

/** As the migration cuts names of files. */
export const indexedNameChars = 200;
/** Fewer than a trigram has: an index then serves for the beginning of a name only. */
const partCharsMin = 3;
/** Names that are looked at, and of these the ones that are followed. */
const namesRead = 5_000;
const namesFollowed = 200;

export type NameTable = 'file_names' | 'package_names' | 'rule_names';

interface NamePart {
  readonly part: string;
  /** Whether names must begin with it. */
  readonly isStart: boolean;
}

/** Columns `chars` and `name`; the name that is equal to the text is never left out. */
export function matchingNames(table: NameTable, { part, isStart }: NamePart): RawBuilder<unknown> {
  const isShort = [...part].length < partCharsMin;
  const condition = isShort
    ? sql`name >= ${part}::text collate "C" and name <= ${`${part}\u{10ffff}`}::text collate "C"`
    : sql`name ilike ${isStart ? startsPattern(part) : containsPattern(part)}`;
  return sql`
    select length(name) as chars, name from (
      (select name from ${sql.table(table)} where ${condition} limit ${sql.lit(namesRead)})
      union
      (select name from ${sql.table(table)} where name = ${part}::text collate "C")
    ) as all_names
    order by chars, name limit ${sql.lit(namesFollowed)}
  `;
}
