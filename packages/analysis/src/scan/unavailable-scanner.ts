/** Represents a configured scanner that cannot be created: it examines nothing and reports why. */
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
