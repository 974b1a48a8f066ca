/**
 * The interface of slices for the global search: one kind of object, found by a term. A slice
 * provides statements, each using one index; paging, counting and cursors are common.
 */
import {
  limits,
  type Page,
  type Permission,
  type SearchHit,
  type SearchKind,
  type SearchTerm,
} from '@lazaret/protocol';
import { sql, type Kysely, type RawBuilder } from 'kysely';

import type { Database } from './db/schema.ts';
import { invalidCursor } from './http/index.ts';
import { projectsWith, type Principal, type ProjectScope } from './principal.ts';

export interface SearchAsk {
  readonly term: SearchTerm;
  readonly project: string | undefined;
  readonly limit: number;
  /** `next` of the previous page, of the same kind. */
  readonly cursor: string | undefined;
}

/** The first hits, and their number up to a limit. */
export interface SearchSample {
  readonly items: readonly SearchHit[];
  readonly count: number;
  readonly isMore: boolean;
}

export interface Searchable {
  readonly kind: SearchKind;
  /** One page of the hits visible to the principal. */
  list(principal: Principal, ask: SearchAsk): Promise<Page<SearchHit>>;
  /** The first of them, counted. */
  sample(principal: Principal, ask: Omit<SearchAsk, 'cursor'>): Promise<SearchSample>;
  /** The statements of a search, for a test of their plans. */
  statements(principal: Principal, ask: Omit<SearchAsk, 'cursor'>): readonly RawBuilder<unknown>[];
}

/** The position of a row in the order of its statement. */
export type HitKey = readonly (number | string)[];

export interface KeyedRow {
  readonly key: HitKey;
}

/** A statement with hits in a fixed order, from a row on. */
export interface HitPlan<Row extends KeyedRow> {
  /** Of the key: `n` for a whole number, `s` for a text, as in `nnsn`. */
  readonly shape: string;
  statement(limit: number, after: HitKey | undefined): RawBuilder<Row>;
}

/** The scope of a search. */
export interface SearchBounds {
  readonly scope: ProjectScope;
  readonly project: string | undefined;
}

export interface SearchableParts<Row extends KeyedRow> {
  readonly kind: SearchKind;
  readonly database: Kysely<Database>;
  /** Without it in a project nothing of that project is found. */
  readonly permission: Permission;
  /** Run one after the other; none when the term cannot match this kind. */
  readonly plans: (term: SearchTerm, bounds: SearchBounds) => readonly HitPlan<Row>[];
  readonly toHit: (row: Row) => SearchHit;
}

/** Creates a searchable from the statements of a slice. */
export function createSearchable<Row extends KeyedRow>(parts: SearchableParts<Row>): Searchable {
  const { kind, database, permission, toHit } = parts;
  const plansOf = (
    principal: Principal,
    { term, project }: Pick<SearchAsk, 'term' | 'project'>,
  ): readonly HitPlan<Row>[] =>
    parts.plans(term, { scope: projectsWith(principal, permission), project });
  return {
    kind,
    statements: (principal, ask) =>
      plansOf(principal, ask).map((plan) => plan.statement(ask.limit, undefined)),
    async list(principal, ask) {
      const plans = plansOf(principal, ask);
      return listHits(database, { plans, toHit, limit: ask.limit, cursor: ask.cursor });
    },
    async sample(principal, ask) {
      const found = await Promise.all(
        plansOf(principal, ask).map((plan) => sampleRows(database, plan, ask.limit)),
      );
      const count = found.reduce((sum, each) => sum + each.count, 0);
      return {
        items: found.flatMap(({ rows }) => rows.map(toHit)).slice(0, ask.limit),
        count: Math.min(count, limits.searchCountMax),
        isMore: count > limits.searchCountMax,
      };
    },
  };
}

interface ListParts<Row extends KeyedRow> {
  readonly plans: readonly HitPlan<Row>[];
  readonly toHit: (row: Row) => SearchHit;
  readonly limit: number;
  readonly cursor: string | undefined;
}

/** A page over consecutive statements. Throws invalid_request for a cursor of another list. */
export async function listHits<Row extends KeyedRow>(
  database: Kysely<Database>,
  { plans, toHit, limit, cursor }: ListParts<Row>,
): Promise<Page<SearchHit>> {
  const start = readPosition(cursor, plans);
  const found: { readonly row: Row; readonly at: number }[] = [];
  for (let at = start.at; at < plans.length && found.length <= limit; at += 1) {
    const after = at === start.at ? start.after : undefined;
    const statement = plans[at]?.statement(limit + 1 - found.length, after);
    const { rows } = statement === undefined ? { rows: [] } : await statement.execute(database);
    found.push(...rows.map((row) => ({ row, at })));
  }
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const next =
    found.length > limit && last !== undefined ? writeCursor([last.at, ...last.row.key]) : null;
  return { items: page.map(({ row }) => toHit(row)), next };
}

async function sampleRows<Row extends KeyedRow>(
  database: Kysely<Database>,
  plan: HitPlan<Row>,
  limit: number,
): Promise<{ readonly rows: readonly Row[]; readonly count: number }> {
  const counted = plan.statement(limits.searchCountMax + 1, undefined);
  const { rows } = await sql<Row & { readonly total: number }>`
    select found.*, count(*) over ()::int as total from (${counted}) as found limit ${limit}
  `.execute(database);
  return { rows, count: rows[0]?.total ?? 0 };
}

function readPosition<Row extends KeyedRow>(
  cursor: string | undefined,
  plans: readonly HitPlan<Row>[],
): { readonly at: number; readonly after: HitKey | undefined } {
  if (cursor === undefined) return { at: 0, after: undefined };
  const [at, ...after] = readCursor(cursor);
  const plan = typeof at === 'number' ? plans[at] : undefined;
  const shape = after.map((part) => (typeof part === 'number' ? 'n' : 's')).join('');
  if (typeof at !== 'number' || plan?.shape !== shape) throw invalidCursor();
  return { at, after };
}

/** The text of a position. */
export function writeCursor(key: HitKey): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** Throws invalid_request for text that `writeCursor` cannot have written. */
export function readCursor(text: string): HitKey {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (Array.isArray(value) && value.every(isKeyPart)) return value;
  } catch {
    // Handled below like any other text.
  }
  throw invalidCursor();
}

function isKeyPart(value: unknown): value is number | string {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0');
  return Number.isSafeInteger(value);
}

/** A condition for rows of these projects; `column` is that of the project. */
export function withinBounds(
  column: string,
  { scope, project }: SearchBounds,
): RawBuilder<boolean> {
  const within = scope === 'all' ? sql`true` : sql`${sql.ref(column)} = any(${scope}::text[])`;
  const chosen = project === undefined ? sql`true` : sql`${sql.ref(column)} = ${project}`;
  return sql<boolean>`(${within} and ${chosen})`;
}

/** The pattern of LIKE for texts that contain this one. */
export function containsPattern(text: string): string {
  return `%${escapeLike(text)}%`;
}

/** Terms shorter than a trigram only match the prefix of a name. */
const partCharsMin = 3;

/** The pattern of LIKE for names that have this text as a part, or as a prefix. */
export function partPattern(text: string): string {
  return [...text].length < partCharsMin ? startsPattern(text) : containsPattern(text);
}

/** The pattern of LIKE for texts that begin with this one. */
export function startsPattern(text: string): string {
  return `${escapeLike(text)}%`;
}

function escapeLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, String.raw`\$&`);
}

/** A hit with the fields of every kind; kinds add their own. */
export function bareHit(
  hit: Pick<SearchHit, 'kind' | 'id' | 'title' | 'project'> & Partial<SearchHit>,
): SearchHit {
  return {
    ...{ image: null, names: [], platform: null, verdict: null, layer: null, hiddenBy: null },
    ...{ path: null, job: null, artifact: null, file: null, package: null, finding: null },
    ...hit,
  };
}
