import { expect, it } from 'vitest';

import { readInspectionsSearch, toInspectionsQuery } from './filters.ts';

it('keeps known filters and drops what it does not know', () => {
  const raw = { state: 'running,nonsense,queued', project: 'lab', page: '7' };
  expect(readInspectionsSearch(raw)).toEqual({ state: 'queued,running', project: 'lab' });
  expect(readInspectionsSearch({ state: 'nonsense', project: 3 })).toEqual({});
  expect(readInspectionsSearch({ project: 'x'.repeat(201) })).toEqual({});
});

it('turns lists into what the API takes', () => {
  expect(toInspectionsQuery({ state: 'failed', project: 'lab' })).toEqual({
    state: ['failed'],
    project: 'lab',
  });
  expect(toInspectionsQuery({})).toEqual({});
});
