import type { StoredPolicy } from '@lazaret/protocol';
import { expect, test } from 'vitest';

import { matchesPolicy, readPoliciesSearch } from './filters.ts';

const policy = {
  ...{ name: 'prod', description: 'What may run', source: 'file', problem: null },
} as StoredPolicy;
const refused: StoredPolicy = { ...policy, problem: { since: '2027-01-01', faults: [] } };

test('known filters are read from the URL, others are dropped', () => {
  const raw = { source: 'refused', text: 'prod', project: 'red', other: 'x' };
  expect(readPoliciesSearch(raw)).toEqual({ source: 'refused', text: 'prod', project: 'red' });
  expect(readPoliciesSearch({ source: 'disk', text: '', project: 7 })).toEqual({});
});

test('policies are filtered by source, refused file and text', () => {
  expect(matchesPolicy(policy, {})).toBe(true);
  expect(matchesPolicy(policy, { source: 'file', text: 'MAY RUN' })).toBe(true);
  expect(matchesPolicy(policy, { source: 'api' })).toBe(false);
  expect(matchesPolicy(policy, { text: 'staging' })).toBe(false);
  expect(matchesPolicy(policy, { source: 'refused' })).toBe(false);
  expect(matchesPolicy(refused, { source: 'refused' })).toBe(true);
});
