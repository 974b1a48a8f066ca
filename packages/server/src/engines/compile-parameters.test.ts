// Not in the quick check: a pattern is aborted after its time limit.
import { expect, test } from 'vitest';

import { compileParameters, SchemaError } from './compile-parameters.ts';

type Json = Record<string, unknown>;

const object = (properties: Json, extra: Json = {}): Json => ({
  type: 'object',
  additionalProperties: false,
  properties,
  ...extra,
});

function paths(schema: Json, parameters: Json): string[] {
  return compileParameters(schema)(parameters).map((field) => field.path);
}

test.each<[string, Json, Json, string[]]>([
  ['a valid value', { n: { type: 'integer', minimum: 1 } }, { n: 1 }, []],
  ['no parameters', { n: { type: 'integer' } }, {}, []],
  ['below the minimum', { n: { type: 'integer', minimum: 1 } }, { n: 0 }, ['parameters.n']],
  ['a fraction for an integer', { n: { type: 'integer' } }, { n: 1.5 }, ['parameters.n']],
  ['text for a number', { n: { type: 'number' } }, { n: '1' }, ['parameters.n']],
  [
    'at an exclusive bound',
    { n: { type: 'number', exclusiveMaximum: 2 } },
    { n: 2 },
    ['parameters.n'],
  ],
  ['not a multiple', { n: { type: 'number', multipleOf: 0.5 } }, { n: 0.7 }, ['parameters.n']],
  ['an unknown name', { n: { type: 'number' } }, { m: 1 }, ['parameters.m']],
  ['too long', { s: { type: 'string', maxLength: 2 } }, { s: 'abc' }, ['parameters.s']],
  ['not a match', { s: { type: 'string', pattern: '^[a-z]+$' } }, { s: 'A' }, ['parameters.s']],
  ['a match', { s: { type: 'string', pattern: '^[a-z]+$' } }, { s: 'abc' }, []],
  ['an address', { s: { type: 'string', format: 'ipv4' } }, { s: '10.0.0.256' }, ['parameters.s']],
  ['one of a list', { s: { enum: ['a', 1, null] } }, { s: null }, []],
  ['none of a list', { s: { enum: ['a', 1, null] } }, { s: 'b' }, ['parameters.s']],
  ['another constant', { s: { const: 'a' } }, { s: 'b' }, ['parameters.s']],
  [
    'a bad item',
    { l: { type: 'array', items: { type: 'string' } } },
    { l: ['a', 1] },
    ['parameters.l[1]'],
  ],
  [
    'too many items',
    { l: { type: 'array', maxItems: 1, items: { type: 'integer' } } },
    { l: [1, 2] },
    ['parameters.l'],
  ],
  [
    'items twice',
    { l: { type: 'array', uniqueItems: true, items: { type: 'object' } } },
    { l: [{ a: 1 }, { a: 1 }] },
    ['parameters.l[1]'],
  ],
  ['a null', { b: { type: 'boolean' } }, { b: null }, ['parameters.b']],
  [
    'two ways, neither',
    { x: { anyOf: [{ type: 'string' }, { type: 'null' }] } },
    { x: 1 },
    ['parameters.x'],
  ],
  [
    'two ways, both',
    { x: { oneOf: [{ type: 'number' }, { type: 'integer' }] } },
    { x: 1 },
    ['parameters.x'],
  ],
  ['a list for an object', { x: { type: 'object' } }, { x: [] }, ['parameters.x']],
])('%s', (_, properties, parameters, expected) => {
  expect(paths(object(properties), parameters)).toEqual(expected);
});

test('a missing required parameter is reported, even if the schema has a default', () => {
  const schema = object({ n: { type: 'integer', default: 3 } }, { required: ['n'] });
  expect(paths(schema, {})).toEqual(['parameters.n']);
  expect(paths(schema, { n: 3 })).toEqual([]);
});

test('names of built-in properties are regular names', () => {
  const parameters = JSON.parse('{"constructor": 1, "toString": 2}') as Json;
  expect(paths(object({}), parameters)).toHaveLength(2);
  expect(paths(object({ constructor: { type: 'string' } }), parameters)).toHaveLength(2);
});

test('a key that would set a prototype is refused at any depth', () => {
  const open = object({ o: { type: 'object' }, s: { type: 'string' } });
  expect(paths(open, JSON.parse('{"__proto__": 1}') as Json)).toEqual(['parameters.__proto__']);
  expect(paths(open, JSON.parse('{"o": {"__proto__": 1}}') as Json)).toHaveLength(1);
  expect(paths(open, { s: '"__proto__":' })).toEqual([]);
});

test('definitions are followed inside the schema', () => {
  const schema = object(
    { a: { $ref: '#/$defs/small' }, b: { type: 'array', items: { $ref: '#/$defs/small' } } },
    { $defs: { small: { type: 'integer', maximum: 5 } } },
  );
  expect(paths(schema, { a: 6, b: [1, 9] })).toEqual(['parameters.a', 'parameters.b[1]']);
});

test.each<[string, Json, string]>([
  ['not an object at the top', { type: 'string' }, 'type'],
  ['no type', object({ a: { minimum: 1 } }), 'properties.a'],
  ['several types', object({ a: { type: ['string', 'null'] } }), 'properties.a.type'],
  ['an unknown type', object({ a: { type: 'int' } }), 'properties.a.type'],
  [
    'an unknown keyword',
    object({ a: { type: 'string', maximumLength: 3 } }),
    'properties.a.maximumLength',
  ],
  [
    'a keyword of another type',
    object({ a: { type: 'string', maximum: 3 } }),
    'properties.a.maximum',
  ],
  ['a keyword next to enum', object({ a: { enum: [1], maximum: 3 } }), 'properties.a.maximum'],
  ['type next to enum', object({ a: { type: 'string', enum: ['x'] } }), 'properties.a'],
  ['not', object({ a: { not: { type: 'string' } } }), 'properties.a'],
  [
    'patternProperties',
    object({}, { patternProperties: { '^x': { type: 'string' } } }),
    'patternProperties',
  ],
  [
    'a reference to the network',
    object({ a: { $ref: 'https://example.com/schema' } }),
    'properties.a.$ref',
  ],
  ['a reference to a file', object({ a: { $ref: 'file:///etc/passwd' } }), 'properties.a.$ref'],
  [
    'a reference to the prototype',
    object({ a: { $ref: '#/$defs/constructor' } }, { $defs: {} }),
    'properties.a.$ref',
  ],
  ['a dangling reference', object({ a: { $ref: '#/$defs/b' } }), 'properties.a.$ref'],
  [
    'a circle',
    object(
      { a: { $ref: '#/$defs/b' } },
      { $defs: { b: { type: 'array', items: { $ref: '#/$defs/b' } } } },
    ),
    '$defs.b.items.$ref',
  ],
  ['a broken pattern', object({ a: { type: 'string', pattern: '(' } }), 'properties.a.pattern'],
  [
    'a pattern that is too long',
    object({ a: { type: 'string', pattern: 'a'.repeat(600) } }),
    'properties.a.pattern',
  ],
  ['an unknown format', object({ a: { type: 'string', format: 'isbn' } }), 'properties.a.format'],
  ['a list of anything', object({ a: { type: 'array', maxItems: 1 } }), 'properties.a.items'],
  ['another draft', object({}, { $schema: 'http://json-schema.org/draft-04/schema#' }), '$schema'],
  ['a requirement of no property', object({}, { required: ['a'] }), 'required'],
  [
    'a bound that is not a number',
    object({ a: { type: 'integer', minimum: '1' } }),
    'properties.a.minimum',
  ],
  ['a schema that is a list', object({ a: [] }), 'properties.a'],
])('%s is refused with its path', (_, schema, path) => {
  try {
    compileParameters(schema);
  } catch (error) {
    expect(error).toBeInstanceOf(SchemaError);
    expect((error as SchemaError).path).toBe(path);
    return;
  }
  throw new Error('expected a refusal');
});

test('a schema that expands exponentially by references is refused', () => {
  const definitions: Json = { d0: { type: 'string' } };
  for (let level = 1; level < 19; level += 1) {
    const ref = { $ref: `#/$defs/d${level - 1}` };
    definitions[`d${level}`] = { anyOf: [ref, ref, ref, ref] };
  }
  expect(() =>
    compileParameters(object({ a: { $ref: '#/$defs/d18' } }, { $defs: definitions })),
  ).toThrow('too large or too deep');
});

test('a schema of too many characters is refused', () => {
  expect(() => compileParameters(object({}, { description: 'x'.repeat(40_000) }))).toThrow(
    'at most',
  );
});

test('a pattern with catastrophic backtracking is aborted, and nothing hangs afterwards', async () => {
  const check = compileParameters(object({ s: { type: 'string', pattern: '^(a+)+$' } }));
  const [field] = check({ s: `${'a'.repeat(60)}!` });
  expect(field?.message).toContain('took longer than');
  // the bound is of the clock, which continues while a busy machine runs something else
  await expect.poll(() => check({ s: 'aaa' })).toEqual([]);
});

test('the given schema is not changed', () => {
  const schema = object({ a: { type: 'string', default: 'x', description: 'y' } });
  const before = structuredClone(schema);
  compileParameters(schema);
  expect(schema).toEqual(before);
});
