/** The part of a report that does not depend on the cache: two runs must produce equal texts. */
import type { InspectionReport } from '@lazaret/protocol';

/** The report in JSON, without the fields about the cache. */
export function coldText(report: InspectionReport): string {
  const { layers, coverage } = report;
  return JSON.stringify({
    ...report,
    layers: layers.map((layer) => ({
      ...layer,
      state: layer.state === 'cached' ? 'examined' : layer.state,
    })),
    coverage: {
      ...coverage,
      layers: {
        ...coverage.layers,
        examined: coverage.layers.examined + coverage.layers.cached,
        cached: 0,
      },
      scanners: coverage.scanners.map((each) => ({ ...each, cached: 0 })),
    },
  });
}
