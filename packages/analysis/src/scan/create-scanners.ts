/** Creates the scanners that the settings configure; each thread has its own. */
import { listConfiguredScanners } from '@lazaret/protocol';

import type { GivenScannerSettings, ScannerSurroundings } from './scanner-module.ts';
import { scannerModules } from './scanner-modules.ts';
import type { Scanner } from './scanner.ts';
import { unavailableScanner } from './unavailable-scanner.ts';

/** A scanner that cannot be created is included as unhealthy, never omitted. */
export function createScanners(
  settings: GivenScannerSettings,
  surroundings: ScannerSurroundings,
): Scanner[] {
  return listConfiguredScanners(settings).map((id) => {
    try {
      return scannerModules[id].create(settings, surroundings);
    } catch (error) {
      const problem = error instanceof Error ? error.message : `${id} cannot be created`;
      return unavailableScanner(id, problem);
    }
  });
}
