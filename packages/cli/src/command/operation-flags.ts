/**
 * Flags of an operation, derived from the schemas of its query and body. The input side of a schema
 * has the accepted forms (sizes and durations as text), the output side the meaning (choices,
 * lists).
 */
import type { Operation } from '@lazaret/protocol';

import { flagList, flagText, type FlagSpec, type Flags } from './command.ts';
import { usageFailure } from '../failure.ts';
import { attributeOf, kebabCase } from './flag-names.ts';

/** A field of a query or body and its flag. */
export interface FieldFlag {
  readonly field: string;
  readonly kind: 'text' | 'number' | 'boolean' | 'list' | 'grants' | 'json';
  readonly spec: FlagSpec;
}

interface JsonSchema {
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly anyOf?: readonly JsonSchema[];
}

type Schema = NonNullable<Operation['query'] | Operation['body']>;

/** Fields that the program sets itself, for paging. */
const ownFields = new Set(['limit', 'cursor']);

/** The flags of the query and the body, without the fields that are positional. */
export function deriveFlags(operation: Operation): readonly FieldFlag[] {
  const positional = new Set(operation.cli?.positional);
  const skip = (field: string): boolean =>
    positional.has(field) || (operation.outputKind === 'json' && ownFields.has(field));
  return [operation.query, operation.bodyKind === 'json' ? operation.body : undefined]
    .flatMap((schema) => fieldsOf(schema))
    .filter(({ field }) => !skip(field));
}

/** The fields of one schema as flags. */
export function fieldsOf(schema: Schema | undefined): readonly FieldFlag[] {
  if (schema === undefined) return [];
  const input = describe(schema, 'input');
  const output = describe(schema, 'output');
  return Object.entries(output).map(([field, meant]) => toFlag(field, meant, input[field] ?? {}));
}

/** The values of the given flags by field, in the form of the schemas. */
export function readFields(
  fields: readonly FieldFlag[],
  flags: Flags,
): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  for (const { field, kind, spec } of fields) {
    const key = attributeOf(spec.name);
    if (flags[key] === undefined) continue;
    values[field] = readField(kind, spec, flags);
  }
  return values;
}

function describe(schema: Schema, io: 'input' | 'output'): Readonly<Record<string, JsonSchema>> {
  const json = schema.toJSONSchema({ io, unrepresentable: 'any' }) as JsonSchema;
  return json.properties ?? {};
}

function toFlag(field: string, meant: JsonSchema, written: JsonSchema): FieldFlag {
  const summary = meant.description ?? '';
  const name = kebabCase(field);
  if (isGrants(meant)) {
    const value = 'role[@project]';
    const text =
      'Role in all projects or in one: `operator`, `submitter@lab`; repeatable; replaces all ' +
      'existing roles';
    return {
      field,
      kind: 'grants',
      spec: { name: 'role', value, repeatable: true, summary: text },
    };
  }
  if (meant.type === 'boolean') {
    return { field, kind: 'boolean', spec: { name, negatable: true, summary } };
  }
  const completes = field === 'engine' ? { completes: 'engine' as const } : {};
  if (meant.type === 'array') {
    const choices = meant.items?.enum;
    const singular = field === 'permissions' ? 'permission' : field;
    return {
      field,
      kind: 'list',
      spec: {
        name: kebabCase(singular),
        value: placeholderOf(meant.items ?? {}, {}),
        repeatable: true,
        ...(choices === undefined ? {} : { choices }),
        summary: `${summary}; repeatable`,
        ...completes,
      },
    };
  }
  const base = { name, value: placeholderOf(meant, written), summary, ...completes };
  const spec = meant.enum === undefined ? base : { ...base, choices: meant.enum };
  return { field, kind: kindOf(meant, written), spec };
}

function kindOf(meant: JsonSchema, written: JsonSchema): FieldFlag['kind'] {
  if (meant.type === 'string' || takesText(written)) return 'text';
  if (meant.type === 'integer' || meant.type === 'number') return 'number';
  return 'json';
}

function placeholderOf(meant: JsonSchema, written: JsonSchema): string {
  const kind = kindOf(meant, written);
  const isNumber = meant.type === 'integer' || meant.type === 'number';
  return kind === 'text' && isNumber && takesText(written) ? 'quantity' : kind;
}

/** Whether text is accepted for a number, as for sizes and durations. */
function takesText(written: JsonSchema): boolean {
  return (
    written.type === 'string' || (written.anyOf?.some(({ type }) => type === 'string') ?? false)
  );
}

function isGrants(meant: JsonSchema): boolean {
  const item = meant.type === 'array' ? meant.items?.properties : undefined;
  return item?.['role'] !== undefined && item['project'] !== undefined;
}

function readField(kind: FieldFlag['kind'], spec: FlagSpec, flags: Flags): unknown {
  const key = attributeOf(spec.name);
  const text = flagText(flags, key) ?? '';
  const readers = {
    boolean: () => flags[key],
    list: () => flagList(flags, key).flatMap((part) => part.split(',')),
    grants: () => flagList(flags, key).map(readGrant),
    number: () => readNumber(spec, text),
    json: () => readJson(spec, text),
    text: () => text,
  } satisfies Record<FieldFlag['kind'], () => unknown>;
  return readers[kind]();
}

function readGrant(text: string): { role: string; project: string | null } {
  const [role = '', ...rest] = text.split('@');
  if (rest.length === 0) return { role, project: null };
  return { role, project: rest.join('@') };
}

function readNumber(spec: FlagSpec, text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw usageFailure(`--${spec.name}: expected a number, received ${JSON.stringify(text)}`);
}

function readJson(spec: FlagSpec, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw usageFailure(`--${spec.name}: expected JSON: ${(error as Error).message}`);
  }
}
