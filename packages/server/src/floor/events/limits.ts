/** Limits of the outbox, its readers and the audit log. */
import { units } from '@lazaret/protocol/units';

const { KiB, MiB } = units;

export const eventLimits = {
  dataBytes: 64 * KiB,
  delayedPollMs: 25,
  windowItems: 2_000,
  windowBytes: 8 * MiB,
  auditPageRows: 1_000,
  auditExportRows: 1_000_000,
} as const;
