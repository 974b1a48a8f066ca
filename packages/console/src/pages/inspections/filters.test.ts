import { expect, it } from 'vitest';

import { readInspectionsSearch, toInspectionsQuery } from './filters.ts';

it('drops unknown filters', () => {
  const raw = { state: 'running,nonsense,queued', project: 'lab', page: '7' };
  expect(readInspectionsSearch(raw)).toEqual({ state: 'queued,running', project: 'lab' });
  expect(readInspectionsSearch({ state: 'nonsense', project: 3 })).toEqual({});
  expect(readInspectionsSearch({ project: 'x'.repeat(201) })).toEqual({});
});

it('converts filters to an API query', () => {
  expect(toInspectionsQuery({ state: 'failed', project: 'lab' })).toEqual({
    state: ['failed'],
    project: 'lab',
  });
  expect(toInspectionsQuery({})).toEqual({});
});
