import { expect, it } from 'vitest';
import { z } from 'zod';

import { operationList } from '../operations.ts';

interface Described {
  readonly properties?: Readonly<Record<string, { readonly description?: string }>>;
}

it('every parameter and every field of a request body has a description', () => {
  const missing = operationList.flatMap(({ name, params, query, body }) =>
    Object.entries({ params, query, body }).flatMap(([part, schema]) => {
      if (schema === undefined) return [];
      const options = { io: 'input', unrepresentable: 'any' } as const;
      const { properties = {} } = z.toJSONSchema(schema, options) as Described;
      return Object.entries(properties)
        .filter(([, { description = '' }]) => description === '')
        .map(([field]) => `${name} ${part}.${field}`);
    }),
  );
  expect(missing).toEqual([]);
});
