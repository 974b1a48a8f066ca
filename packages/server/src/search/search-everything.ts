/**
 * The search over all kinds: an overview with the first hits of each, or pages of one kind after
 * the other.
 */
import {
  detectSearchTerm,
  limits,
  Problem,
  searchKinds,
  type Operation,
  type OperationInput,
  type OperationOutput,
  type operations,
  type SearchGroup,
  type SearchHit,
  type SearchKind,
} from '@lazaret/protocol';

import { invalidCursor } from '../floor/http/index.ts';
import { projectsWith, type Principal, type ProjectScope } from '../floor/principal.ts';
import { readCursor, writeCursor, type Searchable } from '../floor/searchable.ts';

type RunSearch = typeof operations.searches.run;
type Query = OperationInput<RunSearch & Operation>['query'];
type Answer = OperationOutput<RunSearch & Operation>;

export interface SearchParts {
  /** The searchables of the slices. */
  readonly searchables: () => readonly Searchable[];
  /** The search by one named field, in images. */
  readonly searchByField: (
    scope: ProjectScope,
    query: Query,
  ) => Promise<{ items: SearchHit[]; next: string | null }>;
}

/** Throws invalid_request for an invalid combination, and for a cursor of another list. */
export async function searchEverything(
  { searchables, searchByField }: SearchParts,
  principal: Principal,
  query: Query,
): Promise<Answer> {
  const { text, kind } = query;
  if (text === undefined) {
    refuseFor(query, 'is for a search by `text`', ['kind', 'perKind']);
    const found = await searchByField(projectsWith(principal, 'images.read'), query);
    return { ...found, groups: [] };
  }
  const other = 'goes without `text`: exactly one of them is expected';
  refuseFor(query, other, ['sha256', 'sha1', 'md5', 'path', 'package', 'rule']);
  if (text.trim() === '') throw invalid('text', 'expected more than white space');
  const offered = searchables();
  const chosen = searchKinds
    .filter((each) => kind === undefined || kind.length === 0 || kind.includes(each))
    .flatMap((each) => offered.find((one) => one.kind === each) ?? []);
  const ask: TextSearch = { principal, query, chosen, term: detectSearchTerm(text) };
  return query.perKind === undefined ? listAll(ask) : sampleAll(ask, query.perKind);
}

interface TextSearch {
  readonly principal: Principal;
  readonly query: Query;
  readonly chosen: readonly Searchable[];
  readonly term: ReturnType<typeof detectSearchTerm>;
}

async function sampleAll(
  { principal, query, chosen, term }: TextSearch,
  limit: number,
): Promise<Answer> {
  if (query.cursor !== undefined) throw invalid('cursor', 'an overview has one page');
  const { project } = query;
  const samples = await Promise.all(
    chosen.map(async (each) => ({
      kind: each.kind,
      ...(await each.sample(principal, { term, project, limit })),
    })),
  );
  return {
    items: samples.flatMap(({ items }) => items),
    next: null,
    groups: samples.map(toGroup),
  };
}

function toGroup({ kind, count, isMore }: SearchGroup): SearchGroup {
  return { kind, count, isMore };
}

async function listAll({ principal, query, chosen, term }: TextSearch): Promise<Answer> {
  const { project, limit } = query;
  const start = readStart(query.cursor, chosen);
  const items: SearchHit[] = [];
  let next: string | null = null;
  for (const [at, each] of chosen.entries()) {
    if (at < start.at) continue;
    if (items.length >= limit) {
      // Whether the next kind has hits is determined with the next page.
      next = writeCursor([each.kind]);
      break;
    }
    const cursor = at === start.at ? start.cursor : undefined;
    const page = await each.list(principal, { term, project, limit: limit - items.length, cursor });
    items.push(...page.items);
    if (page.next === null) continue;
    next = writeCursor([each.kind, page.next]);
    break;
  }
  const isFirst = query.cursor === undefined;
  const groups = isFirst ? await countAll({ principal, query, chosen, term }) : [];
  return { items, next, groups };
}

async function countAll({ principal, query, chosen, term }: TextSearch): Promise<SearchGroup[]> {
  const { project } = query;
  return Promise.all(
    chosen.map(async (each) => {
      const { count, isMore } = await each.sample(principal, { term, project, limit: 1 });
      return { kind: each.kind, count, isMore };
    }),
  );
}

function readStart(
  text: string | undefined,
  chosen: readonly Searchable[],
): { readonly at: number; readonly cursor: string | undefined } {
  if (text === undefined) return { at: 0, cursor: undefined };
  const [kind, cursor] = readCursor(text);
  const at = chosen.findIndex((each) => each.kind === (kind as SearchKind));
  if (at < 0 || typeof cursor === 'number') {
    throw invalidCursor('is not the `next` of a page of this search');
  }
  return { at, cursor };
}

function refuseFor(query: Query, message: string, names: readonly (keyof Query)[]): void {
  const given = names.find((name) => query[name] !== undefined);
  if (given !== undefined) throw invalid(given, message);
}

/** Of a query parameter. */
function invalid(name: string, message: string): Problem {
  const path = `query.${name}`;
  return new Problem('invalid_request', `${path}: ${message}`.slice(0, limits.problemDetailChars), {
    fields: [{ path, message }],
  });
}
