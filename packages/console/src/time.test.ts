import { expect, it } from 'vitest';

import { absoluteTime } from './time.ts';

it('shows times with the date first and 24 hours, whatever the language of the browser', () => {
  expect(absoluteTime('2026-11-30T13:51:39')).toBe('2026-11-30 13:51:39');
  expect(absoluteTime('2026-01-02T00:05:09')).toBe('2026-01-02 00:05:09');
});
