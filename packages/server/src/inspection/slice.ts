/** The slice of inspections; the role inspector runs them. */
import type { InspectionSettings } from '@lazaret/protocol';
import type { Slice, SliceContext } from '../floor/slice.ts';
import { inspectionRoutes, type InspectionParts } from './routes.ts';
import { listMissingScanners, shareScannerOverview } from './scanner-overview.ts';
import { imageSearchables } from './search/searchables.ts';

export function inspectionSlice(
  context: Pick<SliceContext, 'database' | 'onEvents' | 'changed' | 'clock'> &
    Pick<InspectionParts, 'queue' | 'blobs' | 'findRegistry' | 'readScriptOutputs'> & {
      readonly settings: InspectionSettings;
      /** Whether the role inspector runs in this process. */
      readonly inspects: boolean;
    },
): Slice {
  const { settings, inspects, clock } = context;
  const scanners = shareScannerOverview(settings, clock);
  return {
    name: 'inspection',
    routes: inspectionRoutes({ ...context, policy: settings, scanners }),
    searchables: imageSearchables(context.database),
    health: { missing: () => listMissingScanners({ settings, overview: scanners, inspects }) },
  };
}
