/** Limits of the command line. */
import { units } from '@lazaret/protocol/units';

const { MiB, dayMs } = units;

export const cliLimits = {
  callMs: 90_000,
  completionMs: 1_500,
  completionItems: 50,
  watchMs: 2_000,
  reconnectMs: 250,
  reconnectMaxMs: 10_000,
  reconnects: 60,
  submitAttempts: 4,
  listRows: 100_000,
  fileBytes: 4 * MiB,
  reportBytes: 512 * MiB,
  findingsShown: 50,
  gapsShown: 10,
  evidenceShown: 20,
  notesShown: 50,
  platformsShown: 20,
  filesPerCommand: 10_000,
  enginesPerCommand: 50,
  contexts: 100,
  secretChars: 4_096,
  auditLineBytes: 1 * MiB,
  layerTimeMsMax: 1 * dayMs,
} as const;
