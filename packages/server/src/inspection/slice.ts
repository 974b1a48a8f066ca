/** What inspections offer to the process; the role inspector works on them. */
import type { Slice, SliceContext } from '../floor/slice.ts';
import { imageSearchables } from './search/searchables.ts';
import { inspectionRoutes, type InspectionParts } from './routes.ts';

export function inspectionSlice(
  context: Pick<SliceContext, 'database' | 'onEvents' | 'changed'> &
    Pick<InspectionParts, 'queue' | 'policy' | 'blobs'>,
): Slice {
  const searchables = imageSearchables(context.database);
  return { name: 'inspection', routes: inspectionRoutes(context), searchables };
}
