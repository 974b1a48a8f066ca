/**
 * Where a file, a package or a finding occurs. Every question is answered along one index, from the
 * newest on, and stops at the end of the page; a test reads the plans.
 */
import { limits, Problem, type Page, type SearchHit } from '@lazaret/protocol';
import { sql, type Kysely, type RawBuilder } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import type { ProjectScope } from '../floor/principal.ts';
import { leadsToHidden } from './plan-layers.ts';
import { inProjects, readNumber, toPage, type Paging } from './read-images.ts';

export interface SearchQuery extends Paging {
  readonly project?: string | undefined;
  readonly sha256?: string | undefined;
  readonly sha1?: string | undefined;
  readonly md5?: string | undefined;
  readonly path?: string | undefined;
  readonly package?: string | undefined;
  readonly rule?: string | undefined;
}

const kinds = ['sha256', 'sha1', 'md5', 'path', 'package', 'rule'] as const;

/** Throws invalid_request unless exactly one thing is asked for. */
export async function search(
  database: Kysely<Database>,
  scope: ProjectScope,
  query: SearchQuery,
): Promise<Page<SearchHit>> {
  const { statement, width } = planSearch(scope, query);
  const { rows } = await statement.execute(database);
  return toPage(rows, query.limit, {
    item: toHit,
    cursor: (row) => [row.one, row.two, row.image, row.position].slice(0, width).join('.'),
  });
}

interface HitRow {
  readonly one: number;
  readonly two: number;
  readonly image: number;
  readonly position: number;
  readonly digest: string;
  readonly project: string;
  readonly names: string[];
  readonly platform: string | null;
  readonly hidden_by: number | null;
  readonly path: string | null;
  readonly file: SearchHit['file'];
  readonly fact: (SearchHit['package'] & { layer: number; hiddenBy?: number; path: string }) | null;
  readonly finding:
    | (SearchHit['finding'] & { layer?: number; hiddenBy?: number; path?: string })
    | null;
}

export interface PlannedSearch {
  readonly statement: RawBuilder<HitRow>;
  /** Numbers in a cursor. */
  readonly width: number;
}

/** The statement that answers a question. */
export function planSearch(scope: ProjectScope, query: SearchQuery): PlannedSearch {
  const asked = kinds.filter((kind) => query[kind] !== undefined);
  const [kind] = asked;
  if (kind === undefined || asked.length > 1) {
    throw new Problem(
      'invalid_request',
      `expected exactly one of ${kinds.join(', ')}, received ${asked.join(', ') || 'none'}`,
    );
  }
  const value = (query[kind] ?? '').replaceAll('\0', '\u{2400}').toWellFormed();
  const within = inProjects(scope, query.project);
  const { limit } = query;
  if (kind === 'package' || kind === 'rule') {
    const after = readCursor(query.cursor, 2);
    const parts = { within, limit, value, after };
    const statement = kind === 'rule' ? findingsByRule(parts) : packagesByName(parts);
    return { statement, width: 2 };
  }
  const after = readCursor(query.cursor, 4);
  const condition =
    kind === 'path' ? pathBegins(value) : sql`f.${sql.ref(kind)} = ${Buffer.from(value, 'hex')}`;
  return { statement: filesWhere(condition, { within, limit, after }), width: 4 };
}

interface StatementParts {
  readonly within: RawBuilder<boolean>;
  readonly limit: number;
  readonly after: readonly number[] | undefined;
}

const indexedChars = sql.lit(limits.indexedPathChars);

/**
 * By bytes, as the index is ordered: nothing that begins with the text comes after the bound. Paths
 * are kept as from the root of the image; people write `/etc/passwd` and `./etc/passwd` as well.
 */
function pathBegins(text: string): RawBuilder<unknown> {
  const prefix = text.replace(/^(?:\.?\/+)+/, '');
  const indexed = [...prefix].slice(0, limits.indexedPathChars).join('');
  return sql`left(f.path, ${indexedChars}) >= ${indexed}::text collate "C"
    and left(f.path, ${indexedChars}) <= ${`${indexed}\u{10ffff}`}::text collate "C"
    and starts_with(f.path, ${prefix})`;
}

function filesWhere(
  condition: RawBuilder<unknown>,
  { within, limit, after }: StatementParts,
): RawBuilder<HitRow> {
  const [layer = 0, number = 0, image = 0, position = 0] = after ?? [];
  const from =
    after === undefined
      ? sql`true`
      : sql`(f.layer, f.number) <= (${layer}, ${number})
          and (f.layer, f.number, l.image, l.position) < (${layer}, ${number}, ${image}, ${position})`;
  return sql<HitRow>`
    select f.layer as one, f.number as two, l.image, l.position, images.digest, images.project,
      images.names, images.platform, h.hidden_by, f.path,
      jsonb_build_object('type', f.type, 'sizeBytes', f.size_bytes, 'mode', f.mode,
        'sha256', encode(f.sha256, 'hex'), 'sha1', encode(f.sha1, 'hex'),
        'md5', encode(f.md5, 'hex')) as file,
      null as fact, null as finding
    from layer_files f
    join image_layers l on l.layer = f.layer
    join images on images.id = l.image
    left join image_hidden h
      on h.image = l.image and h.position = l.position and h.number = f.number
    where ${condition} and not f.implied and ${within} and ${from}
    order by f.layer desc, f.number desc, l.image desc, l.position desc
    limit ${limit + 1}
  `;
}

/** A name, or a purl; `pkg:deb/debian/bash` finds every version. */
function packagesByName({
  value,
  within,
  limit,
  after,
}: StatementParts & { readonly value: string }): RawBuilder<HitRow> {
  const isPurl = value.startsWith('pkg:');
  const column = isPurl ? sql`p.purl` : sql`p.name`;
  const exact = sql`left(${column}, ${indexedChars}) = left(${value}::text, ${indexedChars}) collate "C"
    and ${column} = ${value}`;
  const condition = isPurl && !/[@?#]/.test(value.slice(4)) ? purlBegins(value) : exact;
  const [image = 0, number = 0] = after ?? [];
  const from = after === undefined ? sql`true` : sql`(p.image, p.number) < (${image}, ${number})`;
  return sql<HitRow>`
    select p.image as one, p.number as two, p.image, 0 as position, images.digest, images.project,
      images.names, images.platform, null as hidden_by, null as path, null as file, p.fact,
      null as finding
    from image_packages p
    join images on images.id = p.image
    where ${condition} and ${within} and ${from}
    order by p.image desc, p.number desc
    limit ${limit + 1}
  `;
}

/** The purl itself and whatever a version or a qualifier follows. */
function purlBegins(value: string): RawBuilder<unknown> {
  const indexed = [...value].slice(0, limits.indexedPathChars).join('');
  return sql`left(p.purl, ${indexedChars}) >= ${indexed}::text collate "C"
    and left(p.purl, ${indexedChars}) <= ${`${indexed}\u{10ffff}`}::text collate "C"
    and (p.purl = ${value} or starts_with(p.purl, ${`${value}@`})
      or starts_with(p.purl, ${`${value}?`}))`;
}

function findingsByRule({
  value,
  within,
  limit,
  after,
}: StatementParts & { readonly value: string }): RawBuilder<HitRow> {
  const [image = 0, number = 0] = after ?? [];
  const from = after === undefined ? sql`true` : sql`(g.image, g.number) < (${image}, ${number})`;
  return sql<HitRow>`
    select g.image as one, g.number as two, g.image, 0 as position, images.digest, images.project,
      images.names, images.platform, null as hidden_by, null as path, null as file, null as fact,
      g.finding
    from image_findings g
    join images on images.id = g.image
    where left(g.rule, ${indexedChars}) = left(${value}::text, ${indexedChars}) collate "C"
      and g.rule = ${value} and ${within} and ${from}
    order by g.image desc, g.number desc
    limit ${limit + 1}
  `;
}

function readCursor(text: string | undefined, width: number): number[] | undefined {
  if (text === undefined) return undefined;
  const numbers = text.split('.').map(readNumber);
  return numbers.length === width ? numbers : [readNumber('')];
}

function toHit(row: HitRow): SearchHit {
  const { digest: image, project, names, platform, fact, finding, file } = row;
  const common = { image, project, names, platform };
  if (fact !== null) {
    const { type, name, version, purl, layer, hiddenBy, path } = fact;
    return {
      ...{ kind: 'package', ...common, layer, hiddenBy: hiddenBy ?? null, path },
      ...{ package: { type, name, version, purl }, file: null, finding: null },
    };
  }
  if (finding !== null) {
    const { scanner, class: kind, severity, rule, title, layer, hiddenBy, path } = finding;
    return {
      ...{ kind: 'finding', ...common, layer: layer ?? null, hiddenBy: hiddenBy ?? null },
      ...{ path: path ?? null, file: null, package: null },
      finding: { scanner, class: kind, severity, rule, title },
    };
  }
  const hidden = row.hidden_by === leadsToHidden ? null : row.hidden_by;
  return {
    ...{ kind: 'file', ...common, layer: row.position, hiddenBy: hidden, path: row.path },
    ...{ file: file === null ? null : withoutNulls(file), package: null, finding: null },
  };
}

function withoutNulls<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== null)) as T;
}
