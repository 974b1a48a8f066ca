/**
 * Searches a file, a package or a finding by a given field. Every query uses one index, from the
 * newest on, and stops at the end of the page; a test checks the plans.
 */
import { Problem, type Page, type SearchHit } from '@lazaret/protocol';
import type { Kysely, RawBuilder } from 'kysely';

import type { Database } from '../../floor/db/schema.ts';
import type { ProjectScope } from '../../floor/principal.ts';
import { listHits, withinBounds, type HitPlan, type KeyedRow } from '../../floor/searchable.ts';
import type { Paging } from '../read-images.ts';
import { findingsByRule, packagesByName } from './fact-plans.ts';
import { filesByDigest, filesByPath } from './file-plans.ts';
import { toFileHit, toFindingHit, toPackageHit } from './hit-row.ts';

export interface SearchQuery extends Paging {
  readonly project?: string | undefined;
  readonly sha256?: string | undefined;
  readonly sha1?: string | undefined;
  readonly md5?: string | undefined;
  readonly path?: string | undefined;
  readonly package?: string | undefined;
  readonly rule?: string | undefined;
}

/** Fields that can be searched by; a search by `text` covers all kinds and is elsewhere. */
const typedSearches = ['sha256', 'sha1', 'md5', 'path', 'package', 'rule'] as const;

/** One page. Throws invalid_request unless exactly one field is searched by. */
export async function search(
  database: Kysely<Database>,
  scope: ProjectScope,
  query: SearchQuery,
): Promise<Page<SearchHit>> {
  const { plan, toHit } = planSearch(scope, query);
  return listHits(database, { plans: [plan], toHit, limit: query.limit, cursor: query.cursor });
}

export interface PlannedSearch<Row extends KeyedRow = KeyedRow> {
  readonly plan: HitPlan<Row>;
  readonly toHit: (row: Row) => SearchHit;
}

/** The statement of a query. */
export function planSearch(scope: ProjectScope, query: SearchQuery): PlannedSearch {
  const asked = typedSearches.filter((kind) => query[kind] !== undefined);
  const [kind] = asked;
  if (kind === undefined || asked.length > 1) {
    const expected = `expected exactly one of text, ${typedSearches.join(', ')}`;
    const message = `${expected}; received ${asked.join(', ') || 'none'}`;
    const wrong = kind === undefined ? ['text'] : asked;
    throw new Problem('invalid_request', message, {
      fields: wrong.map((name) => ({ path: `query.${name}`, message })),
    });
  }
  const value = (query[kind] ?? '').replaceAll('\0', '\u{2400}').toWellFormed();
  const within = withinBounds('images.project', { scope, project: query.project });
  return choosePlan(kind, value, within) as PlannedSearch;
}

function choosePlan(
  kind: (typeof typedSearches)[number],
  value: string,
  within: RawBuilder<boolean>,
): unknown {
  if (kind === 'package') return { plan: packagesByName(within, value), toHit: toPackageHit };
  if (kind === 'rule') return { plan: findingsByRule(within, value), toHit: toFindingHit };
  if (kind === 'path') return { plan: filesByPath(within, value), toHit: toFileHit };
  return { plan: filesByDigest(within, { algorithm: kind, hex: value }), toHit: toFileHit };
}
