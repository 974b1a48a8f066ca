/**
 * Compiles the JSON Schema of an engine to a check of the parameters of a job.
 *
 * Supported is the part of draft 2020-12 that describes parameters: an object at the top; `type`
 * (one), `enum`, `const`, `anyOf`, `oneOf`; for objects `properties`, `required`,
 * `additionalProperties`, `minProperties`, `maxProperties`; for arrays `items`, `minItems`,
 * `maxItems`, `uniqueItems`; for strings `minLength`, `maxLength`, `pattern`, some `format`s; for
 * numbers the bounds and `multipleOf`; `$ref` into `$defs`, not in a circle; annotations. Anything
 * else is refused when the manifest is added, because the library that checks would pass it over,
 * and a constraint that is silently not checked is worse than none.
 *
 * A pattern may backtrack forever. Schemas with patterns are therefore run under a time limit
 * that ends the regular expression from outside (node:vm), which no analysis of patterns could
 * promise.
 */
import { createContext, Script } from 'node:vm';

import { describeIssue, limits, type ProblemField } from '@lazaret/protocol';
import { z } from 'zod';

import { engineLimits } from './limits.ts';

type Json = Readonly<Record<string, unknown>>;

/** Invalid fields; empty when all are valid. Paths begin with `parameters`. */
export type ParameterCheck = (parameters: Readonly<Record<string, unknown>>) => ProblemField[];

/** A schema that cannot be used, with the path of the keyword. */
export class SchemaError extends Error {
  readonly path: string;
  constructor(path: string, message: string) {
    super(message);
    this.name = 'SchemaError';
    this.path = path;
  }
}

/** Compiles a schema. Throws `SchemaError` for an invalid or unsupported one. */
export function compileParameters(schema: Json): ParameterCheck {
  const size = JSON.stringify(schema).length;
  if (size > engineLimits.parameterSchemaChars) {
    throw new SchemaError(
      '',
      `expected at most ${engineLimits.parameterSchemaChars} characters of JSON`,
    );
  }
  if (schema['type'] !== 'object') {
    throw new SchemaError('type', 'expected object at the top: parameters have names');
  }
  const own = structuredClone(schema);
  const counts: Counts = { root: own, nodes: 0, patterns: 0 };
  inspect(own, counts, { path: '', depth: 0, refs: [] });
  const compiled = z.fromJSONSchema(own as never, { registry: z.registry() });
  const parse = (value: unknown): z.ZodSafeParseResult<unknown> => compiled.safeParse(value);
  const run = counts.patterns > 0 ? (value: unknown) => underTimeLimit(() => parse(value)) : parse;
  return (parameters) => check(run, parameters);
}

function check(
  run: (value: unknown) => z.ZodSafeParseResult<unknown> | undefined,
  parameters: Readonly<Record<string, unknown>>,
): ProblemField[] {
  // The library ignores this name; in JSON text it can only be a key in this form.
  if (JSON.stringify(parameters).includes('"__proto__":')) {
    return [{ path: 'parameters.__proto__', message: 'is not a name that a parameter can have' }];
  }
  const result = run(parameters);
  if (result === undefined) {
    const message = `took longer than ${engineLimits.parameterCheckMs} ms to match a pattern of the engine`;
    return [{ path: 'parameters', message }];
  }
  if (result.success) return [];
  return result.error.issues
    .flatMap((issue) => describeIssue(issue, 'parameters', parameters))
    .slice(0, limits.problemFields);
}

/** Undefined when it timed out. */
function underTimeLimit<T>(work: () => T): T | undefined {
  let result: T | undefined;
  sandbox.work = () => (result = work());
  try {
    script.runInContext(sandbox, { timeout: engineLimits.parameterCheckMs });
    return result;
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined;
    throw error;
  }
}

const script = new Script('work()');
const sandbox = createContext({ work: () => undefined }) as { work: () => unknown };

interface Counts {
  readonly root: Json;
  nodes: number;
  patterns: number;
}

interface Place {
  readonly path: string;
  readonly depth: number;
  /** References on the path here, to detect cycles. */
  readonly refs: readonly string[];
}

const annotations = [
  ...['title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly'],
  '$comment',
];
const rootKeywords = ['$schema', '$defs'];

const keywordsOf: Readonly<Record<string, readonly string[]>> = {
  object: ['properties', 'required', 'additionalProperties', 'minProperties', 'maxProperties'],
  array: ['items', 'minItems', 'maxItems', 'uniqueItems'],
  string: ['minLength', 'maxLength', 'pattern', 'format'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  boolean: [],
  null: [],
};

const formats = [
  'date',
  'date-time',
  'duration',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'uri',
  'uuid',
];
const drafts = ['https://json-schema.org/draft/2020-12/schema'];
const shapes = ['type', 'enum', 'const', 'anyOf', 'oneOf', '$ref'] as const;

function inspect(value: unknown, counts: Counts, place: Place): void {
  const { path, depth } = place;
  counts.nodes += 1;
  if (
    counts.nodes > engineLimits.parameterSchemaNodes ||
    depth > engineLimits.parameterSchemaDepth
  ) {
    throw new SchemaError(path, 'the schema is too large or too deep');
  }
  if (!isObject(value)) throw new SchemaError(path, `expected a schema, received ${tell(value)}`);
  const given = shapes.filter((keyword) => value[keyword] !== undefined);
  const [shape] = given;
  if (shape === undefined || given.length > 1) {
    throw new SchemaError(path, `expected exactly one of ${shapes.join(', ')}`);
  }
  inspectKeywords(value, shape, path);
  inspectShape(value, shape, { counts, place });
  // The library applies some of them: a default would make a required parameter optional.
  for (const keyword of annotations) delete (value as Record<string, unknown>)[keyword];
}

function inspectKeywords(schema: Json, shape: string, path: string): void {
  const type = shape === 'type' ? String(schema['type']) : undefined;
  if (type !== undefined && !Object.hasOwn(keywordsOf, type)) {
    const known = Object.keys(keywordsOf).join(', ');
    throw new SchemaError(join(path, 'type'), `expected one of ${known}, received ${tell(type)}`);
  }
  const allowed = [
    ...annotations,
    ...(path === '' ? rootKeywords : []),
    shape,
    ...(type === undefined ? [] : (keywordsOf[type] ?? [])),
  ];
  for (const keyword of Object.keys(schema)) {
    if (allowed.includes(keyword)) continue;
    const where = type === undefined ? `next to ${shape}` : `for the type ${type}`;
    throw new SchemaError(join(path, keyword), `is not supported ${where}`);
  }
  const draft = schema['$schema'];
  if (draft !== undefined && !drafts.includes(String(draft))) {
    throw new SchemaError(join(path, '$schema'), `expected ${drafts.join(' or ')}`);
  }
}

interface Around {
  readonly counts: Counts;
  readonly place: Place;
}

function inspectShape(schema: Json, shape: string, { counts, place }: Around): void {
  const { path, depth, refs } = place;
  const below = (value: unknown, keyword: string): void =>
    inspect(value, counts, { path: join(path, keyword), depth: depth + 1, refs });
  if (shape === '$ref') {
    followReference(schema, { counts, place });
  } else if (shape === 'enum') {
    checkEnumeration(schema['enum'], join(path, 'enum'));
  } else if (shape === 'const') {
    checkEnumeration([schema['const']], join(path, 'const'));
  } else if (shape === 'anyOf' || shape === 'oneOf') {
    const options = schema[shape];
    if (!Array.isArray(options) || options.length === 0) {
      throw new SchemaError(join(path, shape), 'expected a list of schemas');
    }
    for (const [position, option] of options.entries()) below(option, `${shape}[${position}]`);
  } else {
    checkConstraints(schema, path);
    if (schema['pattern'] !== undefined) counts.patterns += 1;
    for (const [name, property] of Object.entries((schema['properties'] ?? {}) as Json)) {
      below(property, `properties.${name}`);
    }
    if (schema['type'] === 'array') below(schema['items'], 'items');
    const additional = schema['additionalProperties'];
    if (additional !== undefined && typeof additional !== 'boolean') {
      below(additional, 'additionalProperties');
    }
  }
}

function followReference(schema: Json, { counts, place }: Around): void {
  const path = join(place.path, '$ref');
  const reference = schema['$ref'];
  const name = /^#\/\$defs\/([A-Za-z0-9_-]+)$/.exec(String(reference))?.[1];
  const definitions = counts.root['$defs'];
  const target = isObject(definitions) && name !== undefined ? own(definitions, name) : undefined;
  if (name === undefined || target === undefined) {
    throw new SchemaError(path, 'expected #/$defs/NAME of this schema; nothing is fetched');
  }
  if (place.refs.includes(name)) throw new SchemaError(path, 'refers to itself in a cycle');
  const refs = [...place.refs, name];
  inspect(target, counts, { path: `$defs.${name}`, depth: place.depth + 1, refs });
}

function checkEnumeration(values: unknown, path: string): void {
  const plain = (value: unknown): boolean =>
    value === null || ['string', 'number', 'boolean'].includes(typeof value);
  if (Array.isArray(values) && values.length > 0 && values.every(plain)) return;
  throw new SchemaError(path, 'expected texts, numbers, booleans or null');
}

/** The constraints of one type have the right type themselves. */
function checkConstraints(schema: Json, path: string): void {
  const parsed = constraints.safeParse(schema);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = join(path, issue?.path.join('.') ?? '');
    throw new SchemaError(place, issue?.message.replace(/^Invalid input: /, '') ?? 'is wrong');
  }
  const { pattern, format, properties = {}, required = [] } = parsed.data;
  const unnamed = required.find((name) => !Object.hasOwn(properties, name));
  if (unnamed !== undefined) {
    throw new SchemaError(join(path, 'required'), `names ${unnamed}, which is not in properties`);
  }
  if (format !== undefined && !formats.includes(format)) {
    throw new SchemaError(join(path, 'format'), `expected one of ${formats.join(', ')}`);
  }
  if (pattern === undefined) return;
  try {
    RegExp(pattern);
  } catch (error) {
    throw new SchemaError(join(path, 'pattern'), (error as Error).message);
  }
}

const count = z.number().int().min(0).optional();
const constraints = z.object({
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  minProperties: count,
  maxProperties: count,
  minItems: count,
  maxItems: count,
  uniqueItems: z.boolean().optional(),
  minLength: count,
  maxLength: count,
  pattern: z.string().max(engineLimits.patternChars).optional(),
  format: z.string().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  exclusiveMaximum: z.number().optional(),
  multipleOf: z.number().positive().optional(),
});

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(object: Json, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function join(path: string, keyword: string): string {
  return path === '' ? keyword : keyword === '' ? path : `${path}.${keyword}`;
}

function tell(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 100);
}
