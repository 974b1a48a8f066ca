/** Stands for a scanner that was asked for and cannot be made: it examines nothing and says why. */
import type { Scanner } from './scanner.ts';

export function unavailableScanner(id: string, problem: string): Scanner {
  const signatures = 'none';
  return {
    id,
    needs: 'digests',
    describe: () =>
      Promise.resolve({ engine: id, signatures, limits: '', healthy: false, problem }),
    wants: () => true,
    scan: () =>
      Promise.resolve({
        ...{ state: 'failed', findings: [], reason: 'unhealthy', detail: problem, signatures },
      }),
    close: () => Promise.resolve(),
  };
}
