/** HTTP of inspections, of the images that were inspected, and of the search in them. */
import { operations, Problem } from '@lazaret/protocol';

import { route, type Route } from '../http/index.ts';

export function inspectionRoutes(): Route[] {
  const { images, inspections, searches } = operations;
  return [...Object.values(images), ...Object.values(inspections), ...Object.values(searches)].map(
    (operation) =>
      route(operation as never, () => {
        throw new Problem('not_found', 'nothing was inspected yet');
      }),
  );
}
