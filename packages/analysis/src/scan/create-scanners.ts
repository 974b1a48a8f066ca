/** Makes the scanners of a choice; each thread has its own. */
import type { ScannerChoice } from '../inspect/scanner-choice.ts';
import { createClamavScanner } from './clamav/scanner.ts';
import type { Scanner } from './scanner.ts';

export interface ScannerSurroundings {
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export function createScanners(choice: ScannerChoice, { now }: ScannerSurroundings): Scanner[] {
  const scanners: Scanner[] = [];
  if (choice.clamav !== undefined) {
    scanners.push(createClamavScanner({ endpoint: { path: choice.clamav.address } as never, now }));
  }
  return scanners;
}
