// Not in the quick check: a back-off is waited for.
import { getEventListeners } from 'node:events';

import { pino } from 'pino';
import { expect, test } from 'vitest';

import { Loop } from './loop.ts';

const log = pino({ level: 'silent' });

test('iterations that fail or succeed leave no listener on the signal', async () => {
  const ended = new AbortController();
  const { signal } = ended;
  const loop = new Loop({ name: 'test', periodMs: 1, log, signal });
  const listeners: number[] = [];
  const running = loop.run(async () => {
    listeners.push(getEventListeners(signal, 'abort').length);
    if (listeners.length === 12) ended.abort();
    // At most two failures in a row, so that the back-off is short.
    if (listeners.length % 3 !== 0) throw new Error('planted');
  });
  await running;
  expect(listeners).toHaveLength(12);
  expect(Math.max(...listeners)).toBe(0);
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

test('a wake-up during an iteration starts the next one at once', async () => {
  const ended = new AbortController();
  const loop = new Loop({ name: 'test', periodMs: 3_600_000, log, signal: ended.signal });
  let iterations = 0;
  await loop.run(async () => {
    iterations += 1;
    if (iterations === 3) ended.abort();
    else loop.wake();
  });
  expect(iterations).toBe(3);
});

test('an abort ends a pause, and no listener remains', async () => {
  const ended = new AbortController();
  const loop = new Loop({ name: 'test', periodMs: 3_600_000, log, signal: ended.signal });
  const iterated = Promise.withResolvers<void>();
  const running = loop.run(async () => iterated.resolve());
  await iterated.promise;
  await expect.poll(() => getEventListeners(ended.signal, 'abort').length).toBe(1);
  ended.abort();
  await running;
  expect(getEventListeners(ended.signal, 'abort')).toHaveLength(0);
});

test('a wake-up does not shorten the back-off after a failure', async () => {
  const ended = new AbortController();
  const loop = new Loop({ name: 'test', periodMs: 1, log, signal: ended.signal });
  const startedMs: number[] = [];
  await loop.run(async () => {
    startedMs.push(performance.now());
    if (startedMs.length === 2) return ended.abort();
    loop.wake();
    setTimeout(() => loop.wake(), 1);
    throw new Error('planted');
  });
  const [first = 0, second = 0] = startedMs;
  expect(second - first).toBeGreaterThanOrEqual(195);
});

test('a spacing collects wake-ups, and work that an iteration leaves does not wait for it', async () => {
  const ended = new AbortController();
  const { signal } = ended;
  const loop = new Loop({ name: 'test', periodMs: 3_600_000, spacingMs: 50, log, signal });
  const startedMs: number[] = [];
  await loop.run(async () => {
    startedMs.push(performance.now());
    if (startedMs.length === 1) loop.repeat();
    if (startedMs.length === 2) for (let count = 0; count < 10; count += 1) loop.wake();
    if (startedMs.length === 3) ended.abort();
  });
  const [first = 0, second = 0, third = 0] = startedMs;
  expect(third - second).toBeGreaterThanOrEqual(45);
  expect(second - first).toBeLessThan(third - second);
});
