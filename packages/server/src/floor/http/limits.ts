/** Limits of requests, uploads and streams. */
import { units } from '@lazaret/protocol/units';

const { KiB, MiB } = units;

export const httpLimits = {
  bodyJsonBytes: 1 * MiB,
  bodyJsonDepth: 64,
  requestHeaderBytes: 16 * KiB,
  requestTimeoutMs: 60_000,
  requestHeadersMs: 20_000,
  connectionCheckMs: 2_000,
  multipartFields: 32,
  /** Everything except the file; more than the buffer of the parser for the file. */
  multipartBesidesBytes: 2 * MiB,
  /** After a response that was sent before the end of the body. */
  lingerMs: 2_000,
  lingerBytes: 1 * MiB,
  streamHeartbeatMs: 15_000,
  streamRecheckMs: 30_000,
  streamsPerPrincipal: 32,
} as const;
