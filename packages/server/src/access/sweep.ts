import type { Logger } from 'pino';

import type { Access } from './access.ts';
import { accessLimits } from './limits.ts';

/**
 * Deletes ended sessions, used links and old sign-in failures, at the start and every hour.
 * Returns a function that stops it.
 */
export function sweepAccess(access: Access, log: Logger): () => void {
  const sweep = (): void => {
    access.sweep().catch((error: unknown) => log.warn({ err: error }, 'access sweep failed'));
  };
  sweep();
  const timer = setInterval(sweep, accessLimits.accessSweepMs);
  return () => clearInterval(timer);
}
