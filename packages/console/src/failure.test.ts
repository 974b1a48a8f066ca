import { Problem } from '@lazaret/protocol';
import { expect, it } from 'vitest';

import {
  describeFailure,
  fieldMessage,
  isTransient,
  retryAfterMs,
  unmarkedFields,
} from './failure.ts';

const fields = [
  { path: 'name', message: 'expected lower-case letters' },
  { path: 'body.title', message: 'expected text' },
];

it('omits a detail that only repeats the first field', () => {
  const detail = 'name: expected lower-case letters (and 1 more)';
  expect(describeFailure(new Problem('invalid_request', detail, { fields })).detail).toBe('');
  const other = new Problem('invalid_manifest', 'line 4 is not valid', { fields });
  expect(describeFailure(other).detail).toBe('line 4 is not valid');
});

it('omits the fields that the form marks itself', () => {
  const problem = new Problem('invalid_request', 'name: ...', { fields });
  expect(unmarkedFields(problem, ['title'])).toEqual([fields[0]]);
  expect(unmarkedFields(problem, ['name', 'title'])).toEqual([]);
  expect(fieldMessage(problem, 'title')).toBe('expected text');
});

it('describes a failed connection and an unexpected error', () => {
  expect(describeFailure(new TypeError('fetch failed')).title).toBe('Server unreachable');
  expect(describeFailure(new Error('broken')).detail).toBe('broken');
});

it('does not call a fault of the program a failure of the network', () => {
  const error = new TypeError("Cannot read properties of undefined (reading 'map')");
  expect(describeFailure(error)).toMatchObject({
    title: 'Unexpected error',
    detail: error.message,
  });
  expect(isTransient(error)).toBe(false);
  expect(isTransient(new TypeError('Failed to fetch'))).toBe(true);
});

it('retries after too many requests, as late as the server asks', () => {
  const error = new Problem('too_many_requests', 'x', { headers: { 'retry-after': '5' } });
  expect(isTransient(error)).toBe(true);
  expect(retryAfterMs(error)).toBe(5_000);
  expect(retryAfterMs(new Problem('unavailable', 'x'))).toBe(0);
});
