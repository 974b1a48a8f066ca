import { expect, test } from 'vitest';

import { readRegistrySearch } from './search.ts';

test('known parameters of the URL are read, others and empty ones are dropped', () => {
  const search = { project: 'red', repository: 'lab/app', text: '1.' };
  expect(readRegistrySearch({ ...search, other: 'x' })).toEqual(search);
  expect(readRegistrySearch({ project: '', repository: 7, text: 'x'.repeat(301) })).toEqual({});
});
