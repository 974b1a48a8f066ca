import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { createConcurrencyGate } from './concurrency-gate.ts';

test('runs as many tasks as there are slots, in order, and all of them in the end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.array(fc.nat(4)), async (places, turns) => {
      const gate = createConcurrencyGate(places);
      const entered: number[] = [];
      let inside = 0;
      const tasks = turns.map((count, index) =>
        gate.run(async () => {
          inside += 1;
          entered.push(index);
          expect(inside).toBeLessThanOrEqual(places);
          for (let each = 0; each < count; each += 1) await turn();
          inside -= 1;
          if (count === 3) throw new Error('task');
        }),
      );
      const results = await Promise.allSettled(tasks);
      expect(results.map(({ status }) => status)).toEqual(
        turns.map((count) => (count === 3 ? 'rejected' : 'fulfilled')),
      );
      expect(entered).toEqual(turns.map((_, index) => index));
    }),
  );
});

test('a signal ends the wait, but not a running task', async () => {
  const gate = createConcurrencyGate(1);
  const { promise, resolve } = Promise.withResolvers<string>();
  const controller = new AbortController();
  const first = gate.run(() => promise, controller.signal);
  const second = gate.run(async () => 'second', controller.signal);
  const third = gate.run(async () => 'third');
  controller.abort();
  await expect(second).rejects.toMatchObject({ code: 'aborted' });
  await expect(gate.run(async () => 'late', controller.signal)).rejects.toMatchObject({
    code: 'aborted',
  });
  resolve('first');
  expect(await Promise.all([first, third])).toEqual(['first', 'third']);
});

test('more slots start more tasks at once', async () => {
  const gate = createConcurrencyGate(1);
  const { promise, resolve } = Promise.withResolvers<void>();
  let inside = 0;
  const tasks = [1, 2, 3].map(() => gate.run(() => ((inside += 1), promise)));
  await turn();
  expect(inside).toBe(1);
  gate.resize(3);
  await turn();
  expect(inside).toBe(3);
  resolve();
  await Promise.all(tasks);
});
