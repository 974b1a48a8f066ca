/** Fields of untrusted JSON: a field of another type reads as absent. */
import { isRecord, parseUntrustedJson, SourceError } from '@lazaret/oci';

import { hookLimits } from '../limits.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** The object that the bytes contain, or why they contain none. */
export function readObject(bytes: Buffer): Fields | string {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return 'the body is not UTF-8';
  }
  try {
    const bounds = { what: 'the body', maxBytes: hookLimits.bodyBytes };
    const value = parseUntrustedJson(bytes, bounds);
    return isRecord(value) ? value : 'the body is not a JSON object';
  } catch (error) {
    if (error instanceof SourceError) return error.message;
    throw error;
  }
}

/** The text of a field; null if it is absent, empty or of another type. */
export function textOf(fields: Fields | undefined, name: string): string | null {
  const value = fields?.[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Text or a number as text, for ids. */
export function idOf(fields: Fields | undefined, name: string): string | null {
  const value = fields?.[name];
  return typeof value === 'number' ? String(value) : textOf(fields, name);
}

/** A time: text, or seconds since 1970. */
export function timeOf(fields: Fields | undefined, name: string): string | number | null {
  const value = fields?.[name];
  return typeof value === 'number' ? value : textOf(fields, name);
}

/** The object of a field. */
export function objectOf(fields: Fields | undefined, name: string): Fields | undefined {
  const value = fields?.[name];
  return isRecord(value) ? value : undefined;
}

/** The items of a field that is a list. */
export function listOf(fields: Fields | undefined, name: string): readonly unknown[] | undefined {
  const value = fields?.[name];
  return Array.isArray(value) ? value : undefined;
}

/** The only value of a header; null if it is absent, empty or repeated. */
export function headerOf(
  headers: Readonly<Record<string, readonly string[] | undefined>>,
  name: string,
): string | null {
  const values = headers[name] ?? [];
  const [value] = values;
  return values.length !== 1 || value === undefined || value === '' ? null : value;
}
