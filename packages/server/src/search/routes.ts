/** HTTP of the search. */
import { operations } from '@lazaret/protocol';

import { route, type Route } from '../floor/http/index.ts';
import { searchEverything, type SearchParts } from './search-everything.ts';

export type { SearchParts } from './search-everything.ts';

export function searchRoutes(parts: SearchParts): Route[] {
  return [
    route(operations.searches.run, ({ query }, { principal }) =>
      searchEverything(parts, principal, query),
    ),
  ];
}
