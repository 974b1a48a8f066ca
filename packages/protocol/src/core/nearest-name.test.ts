import fc from 'fast-check';
import { expect, test } from 'vitest';

import { nearestName } from './nearest-name.ts';

const known = ['memory', 'cpus', 'pids', 'timeLimit', 'image', 'input', 'output'];

test.each([
  ['memroy', 'memory'],
  ['MEMORY', 'memory'],
  ['memori', 'memory'],
  ['timelimt', 'timeLimit'],
  ['imagee', 'image'],
  ['pid', 'pids'],
  ['ouput', 'output'],
  ['x', undefined],
  ['workers', undefined],
  ['', undefined],
])('suggests for %j the name %j', (given, meant) => {
  expect(nearestName(given, known)).toBe(meant);
});

test('a known name is its own nearest, and any text of any length is compared', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 300 }),
      fc.array(fc.string(), { maxLength: 5 }),
      (text, names) => {
        const found = nearestName(text, [...names, 'abc']);
        expect(found === undefined || [...names, 'abc'].includes(found)).toBe(true);
      },
    ),
  );
  for (const name of known) expect(nearestName(name, known)).toBe(name);
});
