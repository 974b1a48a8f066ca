import { expect, test } from 'vitest';

import { compileRegularExpression, selectsName } from './patterns.ts';

test.each(['a{3}b{4}', '(?:x{30}){30}', '^[A-Za-z0-9+/]{40,60}={0,2}$', String.raw`[({]{3}\({2}`])(
  'counted repetitions are allowed: %s',
  (source) => {
    expect(() => compileRegularExpression(source)).not.toThrow();
  },
);

test.each(['(?:x{30}){30}'.repeat(20), '((a{10}){10}){100}', 'x{1000}'.repeat(11)])(
  'repetitions that would take long to compile are refused: %s',
  (source) => {
    expect(() => compileRegularExpression(source)).toThrow(/stand for \d+ characters \(limit/);
  },
);

test('one name that is excluded is enough, one that is selected too', () => {
  expect(selectsName(['lab'], 'registry.lab:5000', 'lab')).toBe(true);
  expect(selectsName(['*', '!lab'], 'registry.lab:5000', 'lab')).toBe(false);
  expect(selectsName(['!test'], 'registry.lab:5000', 'lab')).toBe(true);
});
