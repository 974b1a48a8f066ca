import { describe, expect, it } from 'vitest';

import {
  checkField,
  flatFields,
  parseList,
  parseTyped,
  schemaDefaults,
  type SchemaField,
} from './schema-fields.ts';

const schema = {
  type: 'object',
  required: ['mode'],
  properties: {
    mode: { title: 'Mode', enum: ['fast', 'thorough'], default: 'fast' },
    depth: { type: 'integer', minimum: 1, maximum: 9, default: 3, description: 'How deep' },
    ratio: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
    label: { type: 'string', minLength: 2, maxLength: 5, pattern: '^[a-z]+$', examples: ['abc'] },
    verbose: { type: 'boolean' },
    ports: { type: 'array', items: { type: 'integer', maximum: 65535 }, maxItems: 2 },
  },
};
const fields = flatFields(schema) ?? [];
const field = (name: string): SchemaField => {
  const found = fields.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no field ${name}`);
  return found;
};

describe('flatFields', () => {
  it('reads title, description, example and allowed values', () => {
    expect(fields.map(({ name, kind, isRequired }) => [name, kind, isRequired])).toEqual([
      ['mode', 'choice', true],
      ['depth', 'integer', false],
      ['ratio', 'number', false],
      ['label', 'text', false],
      ['verbose', 'boolean', false],
      ['ports', 'list', false],
    ]);
    expect(field('depth')).toMatchObject({
      description: 'How deep',
      constraint: 'integer, 1 to 9, default 3',
    });
    expect(field('label')).toMatchObject({
      example: 'abc',
      constraint: '2 to 5 characters, pattern ^[a-z]+$',
    });
    expect(field('ratio').constraint).toBe('number, at most 1, more than 0');
  });

  it('requires JSON for deeper schemas', () => {
    const deep = { type: 'object', properties: { inner: { type: 'object' } } };
    expect(flatFields(deep)).toBeUndefined();
    expect(flatFields({ type: 'array' })).toBeUndefined();
  });
});

it('uses the defaults of the schema', () => {
  expect(schemaDefaults(schema)).toEqual({ mode: 'fast', depth: 3 });
});

describe('checkField', () => {
  it.each<[string, unknown, string | undefined]>([
    ['mode', undefined, 'required'],
    ['mode', 'slow', 'expected one of fast, thorough'],
    ['mode', 'fast', undefined],
    ['depth', undefined, undefined],
    ['depth', 0, 'expected at least 1'],
    ['depth', 10, 'expected at most 9'],
    ['depth', 2.5, 'expected an integer'],
    ['depth', 'many', 'expected an integer'],
    ['depth', 9, undefined],
    ['ratio', 0, 'expected more than 0'],
    ['ratio', 0.5, undefined],
    ['label', 'a', 'expected at least this many characters: 2'],
    ['label', 'ABC', 'does not match ^[a-z]+$'],
    ['label', 'abc', undefined],
    ['verbose', false, undefined],
    ['ports', [80, 443], undefined],
    ['ports', [80, 'x'], 'value 2: expected an integer'],
    ['ports', [80, 99_999], 'value 2: expected at most 65535'],
    ['ports', [1, 2, 3], 'expected at most this many values: 2'],
  ])('%s = %j: %s', (name, value, message) => {
    expect(checkField(field(name), value)).toBe(message);
  });
});

describe('parseTyped', () => {
  it.each<[string, string, unknown]>([
    ['depth', '12', 12],
    ['depth', ' 7 ', 7],
    ['depth', '1e', '1e'],
    ['depth', 'many', 'many'],
    ['depth', '', undefined],
    ['ratio', '.5', 0.5],
    ['label', '12', '12'],
  ])('%s: %j becomes %j and is never replaced', (name, typed, value) => {
    expect(parseTyped(field(name), typed)).toBe(value);
  });
});

it('reads the values of a list with the types of the schema, and keeps invalid ones', () => {
  expect(parseList(field('ports'), ['80', 'http'])).toEqual([80, 'http']);
  expect(parseList(field('ports'), [])).toBeUndefined();
});
