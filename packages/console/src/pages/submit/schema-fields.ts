/**
 * Form fields from the JSON Schema of an engine's parameters, if it is a flat object of scalar
 * values. Other schemas are edited as JSON.
 */
export type FieldKind = 'text' | 'number' | 'integer' | 'boolean' | 'choice';

export interface SchemaField {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly kind: FieldKind;
  readonly isRequired: boolean;
  readonly choices: readonly (string | number)[];
  readonly minimum?: number;
  readonly maximum?: number;
}

type Schema = Readonly<Record<string, unknown>>;

const fieldsMax = 40;

/** The fields, or undefined if the schema is not flat. */
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

/** The default values of the schema. */
export function schemaDefaults(schema: Schema): Record<string, unknown> {
  const properties = schema['properties'];
  if (!isRecord(properties)) return {};
  const defaults = Object.entries(properties).flatMap(([name, property]) =>
    isRecord(property) && property['default'] !== undefined ? [[name, property['default']]] : [],
  );
  return Object.fromEntries(defaults) as Record<string, unknown>;
}

function readField(name: string, property: Schema, isRequired: boolean): SchemaField | undefined {
  const choices = readChoices(property['enum']);
  const kind = choices.length > 0 ? 'choice' : kindOf(property['type']);
  if (kind === undefined) return undefined;
  return {
    name,
    kind,
    choices,
    isRequired,
    title: typeof property['title'] === 'string' ? property['title'] : name,
    description: typeof property['description'] === 'string' ? property['description'] : '',
    ...numberOf('minimum', property['minimum']),
    ...numberOf('maximum', property['maximum']),
  };
}

function kindOf(type: unknown): FieldKind | undefined {
  if (type === 'string') return 'text';
  if (type === 'number' || type === 'integer' || type === 'boolean') return type;
  return undefined;
}

function readChoices(value: unknown): (string | number)[] {
  if (!Array.isArray(value)) return [];
  const plain = value.filter((item) => typeof item === 'string' || typeof item === 'number');
  return plain.length === value.length ? plain : [];
}

function numberOf<K extends 'minimum' | 'maximum'>(key: K, value: unknown): { [P in K]?: number } {
  return (typeof value === 'number' ? { [key]: value } : {}) as { [P in K]?: number };
}

function isRecord(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
