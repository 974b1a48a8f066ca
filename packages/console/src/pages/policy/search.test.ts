import { expect, test } from 'vitest';

import { readPolicySearch } from './search.ts';

test('the version of a policy is read from the URL, anything else is dropped', () => {
  expect(readPolicySearch({ project: 'red', version: '12' })).toEqual({
    ...{ project: 'red', version: '12' },
  });
  expect(readPolicySearch({ project: '', version: '0' })).toEqual({});
  expect(readPolicySearch({ project: 3, version: '1e9' })).toEqual({});
});
