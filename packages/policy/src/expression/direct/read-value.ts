/**
 * Reads values of facts by their types, as convert-value.ts makes values of CEL of them. What would
 * be an error or a null there is left to the library.
 */
import type { ValueType } from '../value-type.ts';
import { refuse } from './node.ts';

export type Reader = (value: unknown) => unknown;

const emptyList: readonly unknown[] = [];
const emptyObject: Readonly<Record<string, unknown>> = {};

const readers: Readonly<Record<string, Reader>> = {
  string: (value) => (typeof value === 'string' ? value : ''),
  bool: (value) => value === true,
  // CEL has no negative zero among its whole numbers
  int: (value) => (Number.isFinite(value) ? Math.trunc(value as number) + 0 : refuse()),
  double: (value) => (typeof value === 'number' ? value : refuse()),
  timestamp: (value) => millisecondsOf(value) ?? refuse(),
  list: (value) => (Array.isArray(value) ? value : emptyList),
  map: objectOf,
  record: objectOf,
};

/** Reads a variable or a field of a record. */
export function readerOf({ kind }: ValueType): Reader {
  return readers[kind] ?? refuse();
}

/**
 * Reads an element of a list. Lists that an expression made have values already, which are read as
 * themselves; a time is not.
 */
export function elementReaderOf(type: ValueType): Reader {
  if (type.kind === 'record') return (value) => (isObject(value) ? value : refuse());
  return type.kind === 'timestamp' || type.kind === 'map' ? refuse() : readerOf(type);
}

/** Whether `has` is true of a field; texts, lists and maps are there if they are not empty. */
export function presenceOf({ kind }: ValueType): (value: unknown) => boolean {
  if (kind === 'int') return (value) => Number.isFinite(value);
  if (kind === 'double') return (value) => typeof value === 'number';
  if (kind === 'timestamp') return (value) => millisecondsOf(value) !== undefined;
  if (kind === 'bool') return (value) => value === true;
  if (kind === 'record') return (value) => value !== undefined;
  if (kind === 'list') return (value) => Array.isArray(value) && value.length > 0;
  if (kind === 'map') return (value) => Object.keys(objectOf(value)).length > 0;
  return refuse();
}

/** A time within the range of CEL: years 1 to 9999. */
function millisecondsOf(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return isInRange(ms) ? ms : undefined;
}

export function isInRange(ms: number): boolean {
  return ms >= -62_135_596_800_000 && ms < 253_402_300_800_000;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) && !Array.isArray(value) ? value : emptyObject;
}
