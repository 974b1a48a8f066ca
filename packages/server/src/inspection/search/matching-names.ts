/** Names that contain a text, from the tables with distinct names. */
import { sql, type RawBuilder } from 'kysely';

import { containsPattern, startsPattern } from '../../floor/searchable.ts';

/** Same length as in the migration for names of files. */
export const indexedNameChars = 200;
/** Fewer than a trigram has: an index then only supports the prefix of a name. */
const partCharsMin = 3;
/** Names that are read, and of these the ones that are joined. */
const namesRead = 5_000;
const namesFollowed = 200;

export type NameTable = 'file_names' | 'package_names' | 'rule_names';

interface NamePart {
  readonly part: string;
  /** Whether names must begin with it. */
  readonly isStart: boolean;
}

/** Columns `chars` and `name`; the name that is equal to the text is always included. */
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
