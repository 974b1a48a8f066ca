/** Which failed requests are retried, and after which delay. */
import { jitteredBackoffMs } from '@lazaret/protocol';

import { ociLimits } from '../../limits.ts';

/** Statuses that may be temporary. */
export function isTransientStatus(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505);
}

/** The delay before the next attempt, with jitter. `attempt` counts from 0. */
export function backoffMs(attempt: number, random: () => number): number {
  const bounds = { initialMs: ociLimits.registryBackoffMs, maxMs: ociLimits.registryBackoffMaxMs };
  return Math.round(jitteredBackoffMs(attempt, bounds, random));
}

/** `Retry-After` in its two forms (RFC 9110 section 10.2.3); undefined when absent or invalid. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000;
  const at = header.length > 40 ? Number.NaN : Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

/** `X-Retry-After` of Docker Hub's API: seconds since 1970; undefined when absent or invalid. */
export function retryTimeMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined || !/^\d{1,12}$/.test(header)) return undefined;
  return Math.max(0, Number(header) * 1_000 - now);
}
