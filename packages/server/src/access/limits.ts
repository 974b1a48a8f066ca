/** Limits of users, sessions, tokens and sign-in. */
import { units } from '@lazaret/protocol/units';

const { minuteMs, hourMs } = units;

export const accessLimits = {
  sessionMs: 12 * hourMs,
  sessionIdleMs: 2 * hourMs,
  lastUsedMs: minuteMs,
  sessionsPerUser: 50,
  tokensPerUser: 100,
  endedTokensPerUser: 100,
  setupLinkMs: 24 * hourMs,
  setupLinks: 8,
  loginFailuresFree: 5,
  loginFailuresFreePerAddress: 25,
  loginBackoffMs: 1_000,
  loginBackoffMaxMs: 5 * minuteMs,
  loginMemoryMs: 1 * hourMs,
  loginMemoryRows: 100_000,
  /** Half of the threads that files and digests share, so that sign-ins never use all of them. */
  loginConcurrent: 2,
  loginWaiting: 64,
  deniedRepeatMs: minuteMs,
  deniedRemembered: 10_000,
  accessSweepMs: 1 * hourMs,
  users: 10_000,
} as const;
