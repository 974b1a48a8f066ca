/** Limits that all capabilities share. */
import { units } from './units.ts';

const { KiB, MiB } = units;

export const coreLimits = {
  pageItemsMax: 200,
  pageItemsDefault: 50,
  urlParameterChars: 256,
  nameChars: 64,
  fileNameBytes: 255,
  pathBytes: 4 * KiB,
  textFilterChars: 200,
  problemDetailChars: 4_000,
  problemFields: 50,
  idempotencyKeyChars: 200,
  streamBufferBytes: 1 * MiB,
} as const;
