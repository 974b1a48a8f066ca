/** Which keys a request may be repeated with. */
import { expect, test } from 'vitest';

import { readIdempotencyKey } from './idempotency-key.ts';

test('a key of visible characters is taken unchanged, and a request without one has none', () => {
  expect(readIdempotencyKey('batch-7/~')).toBe('batch-7/~');
  expect(readIdempotencyKey(undefined)).toBeUndefined();
});

test.each([
  ['is empty', ''],
  ['has a space', 'two words'],
  ['has letters outside ASCII', 'schlüssel'],
  ['is too long', 'x'.repeat(1_000)],
  ['is used twice', ['a', 'b']],
])('a key that %s is refused, and the header is named', (_, header) => {
  expect(() => readIdempotencyKey(header)).toThrow(
    expect.objectContaining({
      code: 'invalid_request',
      fields: [expect.objectContaining({ path: 'header.Idempotency-Key' })],
    }),
  );
});
