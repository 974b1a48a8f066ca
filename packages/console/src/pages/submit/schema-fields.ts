/**
 * Form fields from the JSON Schema of an engine's parameters, if it is a flat object of scalar
 * values, with an explanation and validation of each. Anything deeper is edited as JSON. The
 * server validates everything again, with the complete schema.
 */
export type FieldKind = 'text' | 'number' | 'integer' | 'boolean' | 'choice' | 'list';

export interface SchemaField {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** The allowed values as text: `integer, 3 to 256, default 6`. */
  readonly constraint: string;
  readonly kind: FieldKind;
  readonly isRequired: boolean;
  readonly choices: readonly (string | number)[];
  readonly example: string | undefined;
  /** The rules of the property, for `checkField`. */
  readonly property: Schema;
}

export type Schema = Readonly<Record<string, unknown>>;

const fieldsMax = 40;

/** The fields, or undefined when the schema is not flat. */
export function flatFields(schema: Schema): SchemaField[] | undefined {
  const properties = schema['properties'];
  if (schema['type'] !== 'object' || !isRecord(properties)) return undefined;
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  const entries = Object.entries(properties);
  if (entries.length > fieldsMax) return undefined;
  const fields = entries.map(([name, property]) =>
    isRecord(property) ? readField(name, property, required.includes(name)) : undefined,
  );
  return fields.every((field) => field !== undefined) ? fields : undefined;
}

/** The defaults of the schema. */
export function schemaDefaults(schema: Schema): Record<string, unknown> {
  const properties = schema['properties'];
  if (!isRecord(properties)) return {};
  const defaults = Object.entries(properties).flatMap(([name, property]) =>
    isRecord(property) && property['default'] !== undefined ? [[name, property['default']]] : [],
  );
  return Object.fromEntries(defaults) as Record<string, unknown>;
}

/** The error of a value, or undefined. A value is never changed. */
export function checkField(field: SchemaField, value: unknown): string | undefined {
  if (value === undefined) return field.isRequired ? 'required' : undefined;
  if (field.kind === 'choice') {
    return field.choices.includes(value as string)
      ? undefined
      : `expected one of ${field.choices.join(', ')}`;
  }
  if (field.kind === 'list') return checkList(field, value);
  if (field.kind === 'boolean')
    return typeof value === 'boolean' ? undefined : 'expected yes or no';
  return field.kind === 'text' ? checkText(field, value) : checkNumber(field, value);
}

/** The value of typed text: a number if it is one, otherwise the text itself. */
export function parseTyped(field: SchemaField, typed: string): unknown {
  if (typed === '') return undefined;
  if (field.kind !== 'number' && field.kind !== 'integer') return typed;
  const text = typed.trim();
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(text) ? Number(text) : typed;
}

function checkList({ property }: SchemaField, value: unknown): string | undefined {
  if (!Array.isArray(value)) return 'expected a list';
  const rules: [string, (limit: number) => boolean, string][] = [
    ['minItems', (limit) => value.length >= limit, 'expected at least this many values:'],
    ['maxItems', (limit) => value.length <= limit, 'expected at most this many values:'],
  ];
  const item = itemOf(property);
  const wrong = value.map((one) => (item === undefined ? undefined : checkField(item, one)));
  const index = wrong.findIndex((message) => message !== undefined);
  if (index >= 0) return `value ${index + 1}: ${wrong[index]}`;
  return firstViolation(rules, property);
}

/** The values of a list: numbers if the schema requires numbers, otherwise the text itself. */
export function parseList(field: SchemaField, typed: readonly string[]): unknown[] | undefined {
  if (typed.length === 0) return undefined;
  const item = itemOf(field.property);
  return typed.map((one) => (item === undefined ? one : parseTyped(item, one)));
}

function itemOf({ items }: Schema): SchemaField | undefined {
  return isRecord(items) ? readField('item', items, true) : undefined;
}

function checkNumber({ kind, property }: SchemaField, value: unknown): string | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    return kind === 'integer' ? 'expected an integer' : 'expected a number';
  }
  if (kind === 'integer' && !Number.isInteger(value)) return 'expected an integer';
  const rules: [string, (limit: number) => boolean, string][] = [
    ['minimum', (limit) => value >= limit, 'expected at least'],
    ['maximum', (limit) => value <= limit, 'expected at most'],
    ['exclusiveMinimum', (limit) => value > limit, 'expected more than'],
    ['exclusiveMaximum', (limit) => value < limit, 'expected less than'],
    ['multipleOf', (step) => Number.isInteger(value / step), 'expected a multiple of'],
  ];
  return firstViolation(rules, property);
}

function checkText({ property }: SchemaField, value: unknown): string | undefined {
  if (typeof value !== 'string') return 'expected text';
  // Characters are counted as in JSON Schema.
  const length = [...value].length;
  const rules: [string, (limit: number) => boolean, string][] = [
    ['minLength', (limit) => length >= limit, 'expected at least this many characters:'],
    ['maxLength', (limit) => length <= limit, 'expected at most this many characters:'],
  ];
  const violation = firstViolation(rules, property);
  if (violation !== undefined) return violation;
  const pattern = property['pattern'];
  if (typeof pattern !== 'string') return undefined;
  // Only short text is matched here; the server limits the time of a pattern.
  return value.length > 200 || matches(pattern, value) ? undefined : `does not match ${pattern}`;
}

function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    return true;
  }
}

function firstViolation(
  rules: readonly [string, (limit: number) => boolean, string][],
  property: Schema,
): string | undefined {
  for (const [name, holds, message] of rules) {
    const limit = property[name];
    if (typeof limit === 'number' && !holds(limit)) return `${message} ${limit}`;
  }
  return undefined;
}

function readField(name: string, property: Schema, isRequired: boolean): SchemaField | undefined {
  const choices = readChoices(property['enum']);
  const kind = choices.length > 0 ? 'choice' : kindOf(property);
  if (kind === undefined) return undefined;
  return {
    name,
    kind,
    choices,
    isRequired,
    title: textOf(property['title']) ?? name,
    description: textOf(property['description']) ?? '',
    constraint: describeConstraint(kind, property),
    example: exampleOf(property['examples']),
    property,
  };
}

function describeConstraint(kind: FieldKind, property: Schema): string {
  const pattern = textOf(property['pattern']);
  const value = property['default'];
  return [
    ...(kind === 'integer' || kind === 'number' ? [kind] : []),
    ...rangeOf(property, { low: 'minimum', high: 'maximum', unit: '' }),
    ...rangeOf(property, { low: 'minItems', high: 'maxItems', unit: ' values' }),
    ...rangeOf(property, { low: 'minLength', high: 'maxLength', unit: ' characters' }),
    ...numberRule(property, 'exclusiveMinimum', 'more than'),
    ...numberRule(property, 'exclusiveMaximum', 'less than'),
    ...numberRule(property, 'multipleOf', 'multiple of'),
    ...(pattern === undefined ? [] : [`pattern ${pattern}`]),
    ...(value === undefined ? [] : [`default ${JSON.stringify(value)}`]),
  ].join(', ');
}

interface RangeNames {
  readonly low: string;
  readonly high: string;
  readonly unit: string;
}

function rangeOf(property: Schema, { low, high, unit }: RangeNames): string[] {
  const [least, most] = [property[low], property[high]];
  if (typeof least === 'number' && typeof most === 'number') return [`${least} to ${most}${unit}`];
  if (typeof least === 'number') return [`at least ${least}${unit}`];
  return typeof most === 'number' ? [`at most ${most}${unit}`] : [];
}

function numberRule(property: Schema, name: string, words: string): string[] {
  const limit = property[name];
  return typeof limit === 'number' ? [`${words} ${limit}`] : [];
}

function kindOf({ type, items }: Schema): FieldKind | undefined {
  if (type === 'array' && isRecord(items)) {
    const item = items['type'];
    return item === 'string' || item === 'number' || item === 'integer' ? 'list' : undefined;
  }
  if (type === 'string') return 'text';
  if (type === 'number' || type === 'integer' || type === 'boolean') return type;
  return undefined;
}

function readChoices(value: unknown): (string | number)[] {
  if (!Array.isArray(value)) return [];
  const plain = value.filter((item) => typeof item === 'string' || typeof item === 'number');
  return plain.length === value.length ? plain : [];
}

function exampleOf(value: unknown): string | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const first: unknown = value[0];
  return typeof first === 'string' || typeof first === 'number' ? String(first) : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function isRecord(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
