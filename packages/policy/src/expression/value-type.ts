/** The types of CEL values, with records for the objects of a report and known values for enums. */

export type ScalarKind =
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'timestamp'
  | 'duration'
  | 'null'
  | 'dyn';

export interface ScalarType {
  readonly kind: ScalarKind;
  /** All values that a string of this type can have. */
  readonly values?: readonly string[];
}

export interface ListType {
  readonly kind: 'list';
  readonly element: ValueType;
}

/** Keys are always strings. */
export interface MapType {
  readonly kind: 'map';
  readonly value: ValueType;
}

export interface RecordType {
  readonly kind: 'record';
  readonly name: string;
  readonly fields: ReadonlyMap<string, RecordField>;
}

export interface RecordField {
  readonly type: ValueType;
  /** A report may lack it. */
  readonly optional: boolean;
  readonly description: string | undefined;
}

export type ValueType = ScalarType | ListType | MapType | RecordType;

/** Types of variables by name. */
export type Scope = ReadonlyMap<string, ValueType>;

export const dyn: ScalarType = { kind: 'dyn' };

/** `list(finding)`, `map(string, dyn)`, `string`. */
export function typeName(type: ValueType): string {
  if (type.kind === 'list') return `list(${typeName(type.element)})`;
  if (type.kind === 'map') return `map(string, ${typeName(type.value)})`;
  return type.kind === 'record' ? type.name : type.kind;
}

/**
 * Whether an absent value reads as an empty one, as in Protocol Buffers: text, lists, maps, records
 * and switches do. Numbers and times do not, since 0 and 1970 are answers of their own.
 */
export function hasEmptyValue({ kind }: ValueType): boolean {
  return ['string', 'list', 'map', 'record', 'bool'].includes(kind);
}

export function isNumber({ kind }: ValueType): boolean {
  return kind === 'int' || kind === 'uint' || kind === 'double';
}

/** Whether a value of one type may be where the other is expected. */
export function isAssignable(given: ValueType, expected: ValueType): boolean {
  if (given.kind === 'dyn' || expected.kind === 'dyn') return true;
  if (given.kind === 'list' && expected.kind === 'list') {
    return isAssignable(given.element, expected.element);
  }
  if (given.kind === 'map' && expected.kind === 'map') {
    return isAssignable(given.value, expected.value);
  }
  if (given.kind === 'record' && expected.kind === 'record') return given.name === expected.name;
  return given.kind === expected.kind;
}

/** The type of either of two values, as of the branches of `? :`; undefined if there is none. */
export function joinTypes(a: ValueType, b: ValueType): ValueType | undefined {
  if (a.kind === 'dyn') return b;
  if (b.kind === 'dyn') return a;
  if (a.kind === 'list' && b.kind === 'list') {
    const element = joinTypes(a.element, b.element);
    return element === undefined ? undefined : { kind: 'list', element };
  }
  if (a.kind === 'string' && b.kind === 'string') return joinValues(a, b);
  return isAssignable(a, b) ? a : undefined;
}

function joinValues(a: ScalarType, b: ScalarType): ScalarType {
  if (a.values === undefined || b.values === undefined) return { kind: 'string' };
  return { kind: 'string', values: [...new Set([...a.values, ...b.values])] };
}

/** The type of the elements that a loop visits; undefined if it is not a list or map. */
export function elementOf(type: ValueType): ValueType | undefined {
  if (type.kind === 'list') return type.element;
  if (type.kind === 'map') return { kind: 'string' };
  return type.kind === 'dyn' ? dyn : undefined;
}

/** Whether values of a type are, or contain, records. */
export function containsRecord(type: ValueType): boolean {
  if (type.kind === 'list') return containsRecord(type.element);
  return type.kind === 'map' ? containsRecord(type.value) : type.kind === 'record';
}
