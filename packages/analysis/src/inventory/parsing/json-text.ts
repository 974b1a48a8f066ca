/**
 * JSON from untrusted files. V8 parses any depth without recursion, but with unbounded memory: the
 * text is checked first, and one with too many values or too deep nesting is never parsed.
 */

import { inventoryLimits } from '../limits.ts';
import { ReadError } from '../reader.ts';

/** An object with untrusted keys; read with `field`, never spread into others. */
export type JsonObject = Readonly<Record<string, unknown>>;

const codes = {
  quote: 0x22,
  comma: 0x2c,
  slash: 0x2f,
  star: 0x2a,
  backslash: 0x5c,
  openList: 0x5b,
  closeList: 0x5d,
  open: 0x7b,
  close: 0x7d,
  space: 0x20,
  newline: 0x0a,
} as const;

/**
 * Parses a complete text, without the byte order mark that some editors write. Throws ReadError.
 */
export function parseJson(bytes: Buffer): unknown {
  if (bytes.length > inventoryLimits.readerJsonBytes) {
    throw new ReadError('too_large', `more than ${inventoryLimits.readerJsonBytes} bytes of JSON`);
  }
  checkShape(bytes);
  try {
    return JSON.parse(decode(bytes)) as unknown;
  } catch {
    throw new ReadError('damaged', 'not JSON');
  }
}

/** As `parseJson`, for a text that must be an object. */
export function parseJsonObject(bytes: Buffer): JsonObject {
  const value = asObject(parseJson(bytes));
  if (value === undefined) throw new ReadError('damaged', 'is JSON, but not an object');
  return value;
}

/** JSON with comments and commas before closing brackets, as people and Bun write it. */
export function parseRelaxedJson(bytes: Buffer): unknown {
  return parseJson(blankExtras(bytes));
}

export function asObject(value: unknown): JsonObject | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return value as JsonObject;
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** An own field; never an inherited one. */
export function field(object: JsonObject | undefined, name: string): unknown {
  return object !== undefined && Object.hasOwn(object, name) ? object[name] : undefined;
}

function decode(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString('utf16le', 2);
  const text = bytes.toString('utf8');
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

function checkShape(bytes: Buffer): void {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const code = bytes[at];
    if (code === codes.quote) at = endOfString(bytes, at);
    else if (code === codes.comma) values += 1;
    else if (code === codes.open || code === codes.openList) {
      depth += 1;
      values += 1;
    } else if (code === codes.close || code === codes.closeList) depth -= 1;
    if (depth > inventoryLimits.readerJsonDepth) {
      throw new ReadError('too_deep', `nested deeper than ${inventoryLimits.readerJsonDepth}`);
    }
    if (values > inventoryLimits.readerJsonValues) {
      throw new ReadError('too_many', `more than ${inventoryLimits.readerJsonValues} values`);
    }
  }
}

/** Position of the closing quote, or the last byte when there is none. */
function endOfString(bytes: Buffer, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== codes.quote) {
    at += bytes[at] === codes.backslash ? 2 : 1;
  }
  return at;
}

function blankExtras(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  let comma = -1;
  for (let at = 0; at < copy.length; at += 1) {
    const code = copy[at] ?? 0;
    if (code === codes.slash) {
      const end = endOfComment(copy, at);
      copy.fill(codes.space, at, end);
      at = end - 1;
    } else if (code === codes.close || code === codes.closeList) {
      if (comma >= 0) copy[comma] = codes.space;
      comma = -1;
    } else if (code > codes.space) comma = code === codes.comma ? at : -1;
    if (code === codes.quote) at = endOfString(copy, at);
  }
  return copy;
}

function endOfComment(bytes: Buffer, start: number): number {
  const next = bytes[start + 1];
  if (next !== codes.slash && next !== codes.star) return start + 1;
  const end = next === codes.star ? bytes.indexOf('*/', start + 2) : bytes.indexOf('\n', start);
  if (end < 0) return bytes.length;
  return next === codes.star ? end + 2 : end;
}
