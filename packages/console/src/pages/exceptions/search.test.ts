import { expect, test } from 'vitest';

import {
  endsSoon,
  filtersOf,
  readExceptionsSearch,
  targetOf,
  toExceptionsQuery,
} from './search.ts';

const nowMs = Date.parse('2027-01-01T10:00:00Z');

test('filters and the target of a new exception are read from the URL', () => {
  const target = { vulnerability: 'CVE-2024-1', package: 'pkg:deb/debian/openssl' };
  const raw = { state: 'expired', project: 'red', add: '1', ...target, other: 'x' };
  const search = readExceptionsSearch(raw);
  expect(filtersOf(search)).toEqual({ state: 'expired', project: 'red' });
  expect(targetOf(search)).toEqual(target);
  expect(readExceptionsSearch({ state: 'nice', vulnerability: 'CVE-1', source: '' })).toEqual({});
});

test('the API is asked for exceptions in force unless the filter says otherwise', () => {
  expect(toExceptionsQuery({}, nowMs)).toEqual({ state: ['in-force'] });
  expect(toExceptionsQuery({ state: 'removed', text: 'CVE-1' }, nowMs)).toEqual({
    ...{ state: ['removed'], vulnerability: 'CVE-1' },
  });
  expect(toExceptionsQuery({ state: 'all' }, nowMs).state).toHaveLength(3);
  expect(toExceptionsQuery({ state: 'soon' }, nowMs)).toEqual({
    ...{ state: ['in-force'], expiresBefore: '2027-01-16T00:00:00.000Z' },
  });
});

test('an exception that ends within two weeks ends soon', () => {
  expect(endsSoon('2027-01-14T00:00:00Z', nowMs)).toBe(true);
  expect(endsSoon('2027-02-01T00:00:00Z', nowMs)).toBe(false);
});
