import { expect, it } from 'vitest';

import { flatFields, schemaDefaults } from './schema-fields.ts';

const schema = {
  type: 'object',
  required: ['depth'],
  properties: {
    depth: { type: 'integer', minimum: 1, maximum: 9, title: 'Depth', default: 3 },
    mode: { enum: ['fast', 'full'], description: 'Depth of the analysis' },
    strict: { type: 'boolean' },
  },
};

it('reads a flat object as fields', () => {
  expect(flatFields(schema)?.map(({ name, kind, isRequired }) => [name, kind, isRequired])).toEqual(
    [
      ['depth', 'integer', true],
      ['mode', 'choice', false],
      ['strict', 'boolean', false],
    ],
  );
  expect(flatFields(schema)?.[0]).toMatchObject({ title: 'Depth', minimum: 1, maximum: 9 });
  expect(schemaDefaults(schema)).toEqual({ depth: 3 });
});

it('rejects nested schemas', () => {
  expect(flatFields({ type: 'object', properties: { list: { type: 'array' } } })).toBeUndefined();
  expect(flatFields({ type: 'array' })).toBeUndefined();
  expect(flatFields({ type: 'object', properties: { mixed: { enum: [1, {}] } } })).toBeUndefined();
});
