/** The slice of the global search. */
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import type { Slice } from '../floor/slice.ts';
import { search } from '../inspection/index.ts';
import { searchRoutes } from './routes.ts';

export interface SearchContext {
  readonly database: Kysely<Database>;
  /** All slices; called for each search, because the list includes this slice. */
  readonly slices: () => readonly Slice[];
}

export function searchSlice({ database, slices }: SearchContext): Slice {
  const routes = searchRoutes({
    searchables: () => slices().flatMap(({ searchables = [] }) => searchables),
    searchByField: (scope, query) => search(database, scope, query),
  });
  return { name: 'search', routes };
}
