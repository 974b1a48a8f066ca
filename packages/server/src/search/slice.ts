/** The search, over what all slices offer to it. */
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import type { Slice } from '../floor/slice.ts';
import { search } from '../inspection/index.ts';
import { searchRoutes } from './routes.ts';

export interface SearchContext {
  readonly database: Kysely<Database>;
  /** All slices; asked with each search, since the list is made with this slice in it. */
  readonly slices: () => readonly Slice[];
}

export function searchSlice({ database, slices }: SearchContext): Slice {
  const routes = searchRoutes({
    searchables: () => slices().flatMap(({ searchables = [] }) => searchables),
    searchByField: (scope, query) => search(database, scope, query),
  });
  return { name: 'search', routes };
}
