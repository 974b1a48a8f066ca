import { expect, test } from 'vitest';

import { packStorable } from './storable.ts';

test.each([
  ['plain', { a: ['b', 1, null, true], c: { d: 'ä "quoted" \\ \n' } }],
  ['a paired surrogate', ['😀']],
  ['text that looks like an escape', ['\\u0000', '\\ud800']],
])('JSON that can be stored stays as it is: %s', (_, value) => {
  expect(packStorable(value)).toBe(JSON.stringify(value));
});

test('NUL and unpaired surrogates are replaced, in names of fields too', () => {
  const value = { 'a\0': ['x\0y', '\ud800', '\udfff'], plain: { '\udc00': 1 } };
  const packed: unknown = JSON.parse(packStorable(value));
  expect(packed).toEqual({
    'a\u{2400}': ['x\u{2400}y', '\ufffd', '\ufffd'],
    plain: { '\ufffd': 1 },
  });
});
