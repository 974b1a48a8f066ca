/** The state of configured scanners: for settings pages, status and set-up. */
import { malwareScanners } from '@lazaret/protocol';

import { createScanners } from './create-scanners.ts';
import type { GivenScannerSettings, ScannerSurroundings } from './scanner-module.ts';
import type { ScannerDescription } from './scanner.ts';

export interface ScannerState extends Omit<ScannerDescription, 'limits'> {
  /** `clamav`, `yara`, `hash-set`, `similarity`, `secrets`. */
  readonly id: string;
  /** Whether a clean verdict may be based on it. */
  readonly findsMalware: boolean;
}

/** Opens the configured scanners, queries their state, and closes them. Never throws. */
export async function describeScanners(
  settings: GivenScannerSettings,
  surroundings: ScannerSurroundings,
): Promise<ScannerState[]> {
  const scanners = createScanners(settings, surroundings);
  try {
    return await Promise.all(
      scanners.map(async (scanner) => {
        const { limits: _, ...description } = await scanner.describe();
        return { id: scanner.id, findsMalware: malwareScanners.has(scanner.id), ...description };
      }),
    );
  } finally {
    await Promise.all(scanners.map((scanner) => scanner.close()));
  }
}
