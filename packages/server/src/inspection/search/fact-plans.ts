/** Statements that find packages and findings of images. */
import { sql, type RawBuilder } from 'kysely';

import type { HitKey, HitPlan } from '../../floor/searchable.ts';
import { inspectionLimits } from '../limits.ts';
import { imageColumns, type FindingHitRow, type PackageHitRow } from './hit-row.ts';
import { matchingNames } from './matching-names.ts';

const indexedChars = sql.lit(inspectionLimits.indexedPathChars);

const packageTables = sql`from image_packages p join images on images.id = p.image`;
const findingTables = sql`from image_findings g join images on images.id = g.image`;

/** Packages by exact name, or by a purl; `pkg:deb/debian/bash` finds every version. */
export function packagesByName(within: RawBuilder<boolean>, value: string): HitPlan<PackageHitRow> {
  const isPurl = value.startsWith('pkg:');
  const column = isPurl ? sql`p.purl` : sql`p.name`;
  const exact = isEqual(column, value);
  const condition = isPurl && !/[@?#]/.test(value.slice(4)) ? purlBegins(value) : exact;
  return {
    shape: 'nn',
    statement: (limit, after) => sql<PackageHitRow>`
      select jsonb_build_array(p.image, p.number) as key, ${imageColumns}, p.fact ${packageTables}
      where ${condition} and ${within} and ${rowAfter('p', after)}
      order by p.image desc, p.number desc limit ${limit}
    `,
  };
}

/** The purl itself, and those with a version or a qualifier after it. */
function purlBegins(value: string): RawBuilder<unknown> {
  const indexed = [...value].slice(0, inspectionLimits.indexedPathChars).join('');
  return sql`left(p.purl, ${indexedChars}) >= ${indexed}::text collate "C"
    and left(p.purl, ${indexedChars}) <= ${`${indexed}\u{10ffff}`}::text collate "C"
    and (p.purl = ${value} or starts_with(p.purl, ${`${value}@`})
      or starts_with(p.purl, ${`${value}?`}))`;
}

/** Findings by exact rule, signature or advisory. */
export function findingsByRule(within: RawBuilder<boolean>, value: string): HitPlan<FindingHitRow> {
  return findingsWhere(isEqual(sql`g.rule`, value), within);
}

/** Findings about a content, wherever it is. */
export function findingsByContent(
  within: RawBuilder<boolean>,
  sha256: string,
): HitPlan<FindingHitRow> {
  const condition = sql`g.finding ? 'sha256' and g.finding ->> 'sha256' = ${sha256}`;
  return findingsWhere(condition, within);
}

function findingsWhere(
  condition: RawBuilder<unknown>,
  within: RawBuilder<boolean>,
): HitPlan<FindingHitRow> {
  return {
    shape: 'nn',
    statement: (limit, after) => sql<FindingHitRow>`
      select jsonb_build_array(g.image, g.number) as key, ${imageColumns}, g.finding
      ${findingTables}
      where ${condition} and ${within} and ${rowAfter('g', after)}
      order by g.image desc, g.number desc limit ${limit}
    `,
  };
}

/** An index has the prefix of a text; the rest is compared with the row. */
function isEqual(column: RawBuilder<unknown>, value: string): RawBuilder<unknown> {
  return sql`left(${column}, ${indexedChars}) = left(${value}::text, ${indexedChars}) collate "C"
    and ${column} = ${value}`;
}

function rowAfter(table: 'p' | 'g', after: HitKey | undefined): RawBuilder<unknown> {
  if (after === undefined) return sql`true`;
  const [image, number] = after;
  return sql`(${sql.ref(`${table}.image`)}, ${sql.ref(`${table}.number`)}) < (${image}, ${number})`;
}

/** Packages whose name contains a text, the shortest names first. */
export function packagesByPart(within: RawBuilder<boolean>, part: string): HitPlan<PackageHitRow> {
  return byPart('p', {
    names: matchingNames('package_names', { part, isStart: false }),
    column: sql`left(p.name, ${indexedChars})`,
    select: sql`${imageColumns}, p.fact ${packageTables}`,
    within,
  });
}

/** Findings whose rule contains a text, the shortest rules first. */
export function findingsByPart(within: RawBuilder<boolean>, part: string): HitPlan<FindingHitRow> {
  return byPart('g', {
    names: matchingNames('rule_names', { part, isStart: false }),
    column: sql`left(g.rule, ${indexedChars})`,
    select: sql`${imageColumns}, g.finding ${findingTables}`,
    within,
  });
}

interface PartQuery {
  readonly names: RawBuilder<unknown>;
  /** As in its index. */
  readonly column: RawBuilder<unknown>;
  readonly select: RawBuilder<unknown>;
  readonly within: RawBuilder<boolean>;
}

function byPart<Row extends PackageHitRow | FindingHitRow>(
  table: 'p' | 'g',
  { names, column, select, within }: PartQuery,
): HitPlan<Row> {
  const image = sql.ref(`${table}.image`);
  const number = sql.ref(`${table}.number`);
  return {
    shape: 'nsnn',
    statement: (limit, after) => {
      const [chars, name, ...rest] = after ?? [];
      const isLater =
        after === undefined
          ? sql`true`
          : sql`(found.chars, found.name) >= (${chars}, ${name}::text collate "C")`;
      const isBelow =
        after === undefined ? sql`true` : sql`(found.name <> ${name} or ${rowAfter(table, rest)})`;
      return sql<Row>`
        with found as materialized (${names})
        select jsonb_build_array(found.chars, found.name, hit.image_id, hit.number) as key, hit.*
        from found cross join lateral (
          select ${image} as image_id, ${number} as number, ${select}
          where ${column} = found.name and ${within} and ${isBelow}
          order by ${image} desc, ${number} desc limit ${limit}
        ) as hit
        where ${isLater}
        order by found.chars, found.name, hit.image_id desc, hit.number desc limit ${limit}
      `;
    },
  };
}
