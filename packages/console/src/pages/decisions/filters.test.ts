import { expect, test } from 'vitest';

import { readDecisionsSearch, toDecisionsQuery } from './filters.ts';

test('known filters are read from the URL and sent to the API, others are dropped', () => {
  const raw = { verdict: 'fail', registry: 'lab', repository: 'lab/app', other: 'x' };
  const search = readDecisionsSearch(raw);
  expect(search).toEqual({ verdict: 'fail', registry: 'lab', repository: 'lab/app' });
  expect(toDecisionsQuery(search)).toEqual({ ...search, verdict: ['fail'] });
  const digest = `sha256:${'a'.repeat(64)}`;
  expect(readDecisionsSearch({ digest })).toEqual({ digest });
  expect(readDecisionsSearch({ digest: 'sha256:a' })).toEqual({});
  expect(readDecisionsSearch({ verdict: 'nice', registry: '', project: 7 })).toEqual({});
  expect(toDecisionsQuery({})).toEqual({});
});
