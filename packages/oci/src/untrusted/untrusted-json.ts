/** Parser for untrusted JSON: manifests, indexes, configurations. */

import { ociLimits } from '../limits.ts';
import { SourceError } from '../source-error.ts';

export interface JsonBounds {
  /** Name of the document, for messages: `the manifest`. */
  readonly what: string;
  readonly maxBytes: number;
}

/**
 * Parses an untrusted JSON object; its fields are unchecked. Size, depth and number of values are
 * limited before parsing: a few megabytes of `[],[],` would take hundreds of megabytes of memory.
 * Throws SourceError `too_large` or `damaged`.
 */
export function parseUntrustedObject(bytes: Buffer, bounds: JsonBounds): Record<string, unknown> {
  const value = parseUntrustedJson(bytes, bounds);
  if (isRecord(value)) return value;
  throw new SourceError('damaged', `${bounds.what} is not a JSON object`);
}

/** Parses any untrusted JSON value, with the same limits. */
export function parseUntrustedJson(bytes: Buffer, { what, maxBytes }: JsonBounds): unknown {
  if (bytes.length > maxBytes) {
    const message = `${what} has ${bytes.length} bytes (limit ${maxBytes})`;
    throw new SourceError('too_large', message);
  }
  checkShape(bytes, what);
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch (error) {
    throw new SourceError('damaged', `${what} is not JSON`, { cause: error });
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Refuses keys that differ from a known one only in case. Container engines match JSON keys
 * case-insensitively, so such a document would describe one image to them and another to everyone
 * else.
 */
export function refuseCaseVariants(
  object: Readonly<Record<string, unknown>>,
  known: readonly string[],
  what: string,
): void {
  const exact = new Set(known);
  const folded = new Set(known.map((key) => key.toLowerCase()));
  for (const key of Object.keys(object)) {
    if (exact.has(key) || !folded.has(foldCase(key))) continue;
    throw new SourceError(
      'damaged',
      `${what} is ambiguous: the key "${key}" differs from a known key only in case`,
    );
  }
}

/** Folds case like Go, which also folds the long s and the Kelvin sign. */
function foldCase(key: string): string {
  return key.toLowerCase().replaceAll('\u017f', 's').replaceAll('\u212a', 'k');
}

const quote = 0x22;
const backslash = 0x5c;
/** Characters that open (1), close (-1) or separate (0) values. */
const structure: ReadonlyMap<number, number> = new Map([
  [0x5b, 1],
  [0x7b, 1],
  [0x5d, -1],
  [0x7d, -1],
  [0x2c, 0],
  [0x3a, 0],
]);

function checkShape(bytes: Buffer, what: string): void {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === quote) at = findStringEnd(bytes, at + 1);
    const step = structure.get(byte);
    if (step === undefined) continue;
    values += 1;
    depth += step;
    if (depth > ociLimits.sourceJsonDepth) {
      throw new SourceError('too_large', `${what} exceeds the maximum nesting depth`);
    }
  }
  if (values > ociLimits.sourceJsonValues) {
    throw new SourceError('too_large', `${what} exceeds the maximum number of values`);
  }
}

/** Position of the closing quote. */
function findStringEnd(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
  return at;
}
