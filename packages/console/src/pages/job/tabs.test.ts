import { expect, it } from 'vitest';

import { initialTab } from './tabs.ts';

const artifacts = [{ path: 'result.txt' }] as never;

it('opens the result of a job that has succeeded, and the log of other jobs', () => {
  expect(initialTab({ state: 'succeeded', artifacts })).toBe('result');
  expect(initialTab({ state: 'succeeded', artifacts: [] })).toBe('log');
  expect(initialTab({ state: 'failed', artifacts })).toBe('log');
  expect(initialTab({ state: 'running', artifacts: [] })).toBe('log');
});
