/** Limits of hooks and of what they receive. */
import { units } from '@lazaret/protocol/units';

const { KiB, MiB, minuteMs, dayMs } = units;
const secondMs = 1_000;

export const hookLimits = {
  /** zot sends the whole manifest, which registries limit to 4 MiB, as text in the body. */
  bodyBytes: 8 * MiB,
  /** Of all bodies that are being received. */
  bodiesBytes: 128 * MiB,
  bodyMs: 20 * secondMs,
  /** Registries send 1 event; relays collect some. */
  eventsPerDelivery: 1_000,
  /** Of a name in a message. */
  quotedChars: 100,
  /** Of an actor, an id, a media type. */
  textChars: 255,
  /** Of a header that is stored. */
  headerChars: 1_000,
  /** Accepted per hook: at once, and per second after that. */
  rateBurst: 5_000,
  ratePerSecond: 300,
  /** Refused per hook and address before they are refused unchecked; one more each second. */
  refusalsFree: 60,
  refusalsPerSecond: 1,
  refusalKeys: 10_000,
  refusalFlushMs: 2 * secondMs,
  refusalEventMs: 10 * minuteMs,
  queuedPerHook: 20_000,
  queueCountMs: secondMs,
  /** Without an id, the same content within this time is the same event. */
  repeatMs: 10 * minuteMs,
  batchDeliveries: 50,
  batchBytes: 8 * MiB,
  hooks: 1_000,
  attempts: 8,
  retryInitialMs: secondMs,
  retryMaxMs: 5 * minuteMs,
  pollMs: secondMs,
  sweepMs: 5 * minuteMs,
  processedDays: 7,
  processedPerHook: 10_000,
  deadDays: 30,
  deadPerHook: 1_000,
  deadBytesPerHook: 64 * MiB,
  sweepRows: 10_000,
  secretBytes: 64 * KiB,
  ignoredReasons: 20,
  /** Of Google's keys. */
  keySetBytes: 256 * KiB,
  keySetMs: 5 * secondMs,
  keySetFreshMsMin: 5 * minuteMs,
  keySetFreshMsMax: dayMs,
  keySetRetryMs: minuteMs,
  testMs: 15 * secondMs,
  testPollMs: 50,
} as const;
