/** Facts to values of CEL by their types, and values of CEL back to JSON. */
import {
  celList,
  celMap,
  isCelError,
  isCelList,
  isCelMap,
  isCelUint,
  type CelInput,
  type CelMap,
} from '@bufbuild/cel';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';

import type { MapType, RecordType, ValueType } from './value-type.ts';

/**
 * What a record was made from, so that evidence is shown as it is in the report. It is a property:
 * a weak map of all records would be most of the work of the garbage collector.
 */
const origin = Symbol('origin');

/** The hidden field of a record that says whether an optional record in it is there. */
export function presenceField(field: string): string {
  return `${presencePrefix}${field}`;
}

const presencePrefix = 'has:';

/** A value of a fact as CEL sees it; undefined if it is absent and has no empty value. */
export function toCelValue(value: unknown, type: ValueType): CelInput | undefined {
  if (type.kind === 'list') {
    return celList(listOf(value).map((one) => toCelValue(one, type.element) ?? null));
  }
  if (type.kind === 'map') return toMap(value, type);
  if (type.kind === 'record') return toRecord(value, type);
  const convert = scalars[type.kind];
  if (convert === undefined) throw new TypeError(`facts have no values of type ${type.kind}`);
  return convert(value);
}

const scalars: Readonly<Record<string, (value: unknown) => CelInput | undefined>> = {
  string: (value) => (typeof value === 'string' ? value : ''),
  bool: (value) => value === true,
  int: (value) => (typeof value === 'number' ? BigInt(Math.trunc(value)) : undefined),
  double: (value) => (typeof value === 'number' ? value : undefined),
  timestamp: toTimestamp,
  dyn: toDynamic,
};

function toTimestamp(value: unknown): CelInput | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  // the range of CEL: years 1 to 9999
  return ms >= -62_135_596_800_000 && ms < 253_402_300_800_000 ? timestampFromMs(ms) : undefined;
}

function toMap(value: unknown, { value: type }: MapType): CelMap {
  const entries = Object.entries(objectOf(value)).map(
    ([key, one]) => [key, toCelValue(one, type) ?? null] as const,
  );
  return celMap(new Map(entries));
}

function toRecord(value: unknown, type: RecordType): CelMap {
  const fields = new LazyRecord(objectOf(value), type);
  const record = celMap(fields as unknown as ReadonlyMap<string, never>);
  return Object.assign(record, { [origin]: value });
}

/**
 * The fields of a record, converted when an expression reads them: most conditions read two or
 * three of a dozen. It cannot be iterated or compared, which the type check refuses for records.
 */
class LazyRecord {
  readonly size = 0;
  readonly #source: Readonly<Record<string, unknown>>;
  readonly #fields: RecordType['fields'];
  #known: Map<string, CelInput> | undefined;

  constructor(source: Readonly<Record<string, unknown>>, { fields }: RecordType) {
    this.#source = source;
    this.#fields = fields;
  }

  get(name: string): CelInput | undefined {
    const known = this.#known?.get(name);
    if (known !== undefined) return known;
    const field = this.#fields.get(name);
    if (field === undefined) return this.#presence(name);
    const converted = toCelValue(this.#source[name], field.type);
    // lists and records are read again by loops; their identity is that of evidence
    if (typeof converted === 'object') {
      this.#known ??= new Map();
      this.#known.set(name, converted);
    }
    return converted;
  }

  #presence(name: string): boolean | undefined {
    if (!name.startsWith(presencePrefix)) return undefined;
    return this.#source[name.slice(presencePrefix.length)] !== undefined;
  }
}

function toDynamic(value: unknown): CelInput {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  if (Array.isArray(value)) return celList(value.map(toDynamic));
  if (typeof value !== 'object' || value === null) return null;
  return celMap(new Map(Object.entries(value).map(([key, one]) => [key, toDynamic(one)])));
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : {};
}

interface TimeMessage {
  readonly desc: { readonly typeName: string };
  readonly message: { readonly seconds: bigint; readonly nanos: number };
}

/** A value of CEL as JSON: records as in the report, times in RFC 3339, durations in seconds. */
export function fromCelValue(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null) return value;
  if (origin in value) return value[origin];
  if (isCelError(value)) return { error: value.message };
  if (isCelList(value)) return [...value].map(fromCelValue);
  if (isCelUint(value)) return Number(value.value);
  if (isCelMap(value)) {
    return Object.fromEntries([...value].map(([key, one]) => [String(key), fromCelValue(one)]));
  }
  return 'message' in value && 'desc' in value ? fromTime(value as unknown as TimeMessage) : value;
}

function fromTime({ desc, message }: TimeMessage): string {
  const { seconds, nanos } = message;
  const ms = Number(seconds) * 1_000 + Math.floor(nanos / 1_000_000);
  if (desc.typeName.endsWith('Duration')) return `${ms / 1_000}s`;
  return new Date(ms).toISOString();
}
