/**
 * The variables of conditions with their types, derived from the schema of the facts. This one
 * catalogue types the check of a document, converts the values, and is what the page of variables
 * in the documentation is generated from.
 */
import { z } from 'zod';

import { policyFacts } from '../facts/fact-schema.ts';
import type { RecordField, RecordType, ScalarType, ValueType } from './value-type.ts';
import { dyn } from './value-type.ts';

export interface Variable {
  readonly name: string;
  readonly type: ValueType;
  readonly description: string;
  /** A report may lack it; a rule that uses it then ends in an error. */
  readonly optional: boolean;
}

/** Variables that an inspection does not provide yet. A policy that uses one is refused. */
export const plannedVariables: Readonly<Record<string, string>> = {
  signatures:
    'inspections do not verify signatures of images yet, so a policy cannot depend on them',
  registry: 'write context.registry',
  repository: 'write context.repository',
  tag: 'write context.tag',
  labels: 'write image.config.labels',
};

/** What the records of these lists are called in messages and in the documentation. */
const singular: Readonly<Record<string, string>> = {
  findings: 'finding',
  vulnerabilities: 'vulnerability',
  packages: 'package',
  files: 'file',
  special: 'special_file',
  users: 'user',
  passwords: 'password',
  groups: 'group',
  layers: 'layer',
  scanners: 'scanner',
  diagnostics: 'diagnostic',
  gaps: 'gap',
  feeds: 'feed',
  history: 'history_entry',
  scripts: 'script',
};

interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
}

const scalars: Readonly<Record<string, ScalarType>> = {
  integer: { kind: 'int' },
  number: { kind: 'double' },
  boolean: { kind: 'bool' },
};

export const variables: ReadonlyMap<string, Variable> = readVariables();

/** All records of the catalogue by name. */
export function recordTypes(): ReadonlyMap<string, RecordType> {
  const found = new Map<string, RecordType>();
  for (const { type } of variables.values()) collectRecords(type, found);
  return found;
}

function collectRecords(type: ValueType, found: Map<string, RecordType>): void {
  if (type.kind === 'list') collectRecords(type.element, found);
  if (type.kind === 'map') collectRecords(type.value, found);
  if (type.kind !== 'record' || found.has(type.name)) return;
  found.set(type.name, type);
  for (const field of type.fields.values()) collectRecords(field.type, found);
}

function readVariables(): ReadonlyMap<string, Variable> {
  const schema = z.toJSONSchema(policyFacts, { io: 'output', reused: 'inline' }) as JsonSchema;
  const required = new Set(schema.required);
  return new Map(
    Object.entries(schema.properties ?? {}).map(([name, property]) => {
      const type = typeOf(property, name);
      const optional = !required.has(name) && type.kind !== 'record';
      return [name, { name, type, optional, description: property.description ?? '' }];
    }),
  );
}

function typeOf(schema: JsonSchema, name: string): ValueType {
  const { type = '' } = schema;
  if (type === 'string') return stringType(schema);
  if (type === 'array') {
    return { kind: 'list', element: typeOf(schema.items ?? {}, elementName(name)) };
  }
  if (type === 'object') {
    return schema.properties === undefined ? mapType(schema, name) : recordType(schema, name);
  }
  return scalars[type] ?? dyn;
}

function stringType(schema: JsonSchema): ScalarType {
  if (schema.format === 'date-time') return { kind: 'timestamp' };
  const values = schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
  return values === undefined ? { kind: 'string' } : { kind: 'string', values: values.map(String) };
}

function mapType(schema: JsonSchema, name: string): ValueType {
  const { additionalProperties } = schema;
  const value = typeof additionalProperties === 'object' ? typeOf(additionalProperties, name) : dyn;
  return { kind: 'map', value };
}

function recordType({ properties = {}, required = [] }: JsonSchema, name: string): RecordType {
  const fields = Object.entries(properties).map(([field, schema]): [string, RecordField] => [
    field,
    {
      type: typeOf(schema, `${name}.${field}`),
      optional: !required.includes(field),
      description: schema.description,
    },
  ]);
  return { kind: 'record', name, fields: new Map(fields) };
}

/** `finding` for `findings`, `coverage.gap` for `coverage.gaps`. */
function elementName(name: string): string {
  const words = name.split('.');
  const last = words.pop() ?? name;
  return [...words, singular[last] ?? `${last}_item`].join('.');
}
