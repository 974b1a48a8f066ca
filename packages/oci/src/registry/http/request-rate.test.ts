/** Rates, with a clock that only advances during waits, so that the granted times are measured. */
import { expect, test } from 'vitest';

import type { Clock } from './clock.ts';
import { RequestRate, SharedRates } from './request-rate.ts';

/** Timers fire late or early by the given amounts in turn. */
function createClock(errorsMs: readonly number[] = [0]) {
  let nowMs = 1_000_000;
  const waits: number[] = [];
  const clock: Clock = {
    now: () => nowMs,
    async wait(ms) {
      nowMs += Math.max(1, ms + (errorsMs[waits.length % errorsMs.length] ?? 0));
      waits.push(ms);
    },
  };
  return { clock, waits };
}

test.each([
  ['on time', [0]],
  ['late', [9, 0, 0, 40, 3]],
  ['early', [-1, -1, 0]],
])(
  'no period has more requests than allowed, in either window, with timers that are %s',
  async (_, off) => {
    const { clock } = createClock(off);
    const windows = [
      { requests: 3, periodMs: 1_000 },
      { requests: 5, periodMs: 10_000 },
    ];
    const rate = new RequestRate(windows, clock);
    const granted: number[] = [];
    for (let count = 0; count < 30; count += 1) {
      await rate.take();
      granted.push(clock.now());
    }
    for (const { requests, periodMs } of windows) {
      for (const [at, time] of granted.entries()) {
        const next = granted[at + requests];
        if (next !== undefined) expect(next - time).toBeGreaterThanOrEqual(periodMs);
      }
    }
  },
);

test('an aborted request takes no capacity and does not delay others', async () => {
  const clock: Clock = { now: () => 0 };
  const rate = new RequestRate([{ requests: 1, periodMs: 3_600_000 }], clock);
  await rate.take();
  const leaving = new AbortController();
  const staying = new AbortController();
  const first = rate.take(leaving.signal);
  const second = rate.take(staying.signal);
  leaving.abort(new Error('left'));
  await expect(first).rejects.toThrow('left');
  staying.abort(new Error('aborted too'));
  await expect(second).rejects.toThrow('aborted too');
  await expect(rate.take(AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
});

test('capacity is granted in FIFO order', async () => {
  const { clock } = createClock();
  const rate = new RequestRate([{ requests: 1, periodMs: 1_000 }], clock);
  const order: number[] = [];
  const takers = [0, 1, 2, 3].map((at) => rate.take().then(() => order.push(at)));
  await Promise.all(takers);
  expect(order).toEqual([0, 1, 2, 3]);
});

test('a pause blocks all requests, and an invalid rate is refused', async () => {
  const { clock, waits } = createClock();
  const rate = new RequestRate([], clock);
  rate.pause(5_000);
  await rate.take();
  expect(waits).toEqual([5_000]);
  for (const requests of [0, -1, 1.5, Number.NaN, 1e9]) {
    expect(() => new RequestRate([{ requests, periodMs: 1 }], clock)).toThrow(RangeError);
  }
  for (const periodMs of [0, Number.NaN, 1e12]) {
    expect(() => new RequestRate([{ requests: 1, periodMs }], clock)).toThrow(RangeError);
  }
});

test('a host has one shared limiter, with its own windows before those of all hosts', async () => {
  const { clock, waits } = createClock();
  const shared = new SharedRates(clock);
  const rates = {
    '*': [{ requests: 1, periodMs: 1_000 }],
    'one.lab': [{ requests: 1, periodMs: 9_000 }],
  };
  for (const host of ['one.lab', 'two.lab', 'three.lab', 'two.lab', 'one.lab']) {
    await shared.of(host, rates).take();
  }
  expect(waits).toEqual([1_000, 8_000]);
  expect(shared.of('four.lab', {})).toBe(shared.of('four.lab', {}));
  expect(shared.of('four.lab', { '*': [] })).toBe(shared.of('four.lab', {}));
  const changed = { 'four.lab': [{ requests: 1, periodMs: 1_000 }] };
  expect(shared.of('four.lab', changed)).not.toBe(shared.of('four.lab', {}));
});

test('background requests leave a share of each window to others, and wait for them', async () => {
  const { clock } = createClock();
  const rate = new RequestRate([{ requests: 10, periodMs: 60_000 }], clock);
  const start = clock.now();
  for (let count = 0; count < 8; count += 1) await rate.take(undefined, 'background');
  expect(clock.now()).toBe(start);
  const background = rate.take(undefined, 'background').then(() => 'background');
  const interactive = rate.take().then(() => 'interactive');
  expect(await Promise.race([background, interactive])).toBe('interactive');
  await rate.take();
  await background;
  expect(clock.now()).toBeGreaterThanOrEqual(start + 60_000);
});

test('an automatic request does not wait for hours, and blocks no other', async () => {
  const { clock, waits } = createClock();
  const rate = new RequestRate([{ requests: 10, periodMs: 3_600_000 }], clock);
  for (let count = 0; count < 9; count += 1) await rate.take(undefined, 'automatic');
  await expect(rate.take(undefined, 'automatic')).rejects.toMatchObject({
    code: 'rate_limited',
    message: 'the request limit for this registry is reached, for 3600 s',
  });
  await rate.take();
  expect(waits).toEqual([]);
});
