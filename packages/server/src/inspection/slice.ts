/** What inspections offer to the process; the role inspector works on them. */
import type { Slice, SliceContext } from '../floor/slice.ts';
import { inspectionRoutes, type InspectionParts } from './routes.ts';

export function inspectionSlice(
  context: Pick<SliceContext, 'database' | 'onEvents' | 'changed'> &
    Pick<InspectionParts, 'queue' | 'policy'>,
): Slice {
  return { name: 'inspection', routes: inspectionRoutes(context) };
}
