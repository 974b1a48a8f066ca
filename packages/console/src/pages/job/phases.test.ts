import type { Attempt } from '@lazaret/protocol';
import { expect, it } from 'vitest';

import { measureAttempt } from './phases.ts';

const none = {
  ...{ waitMs: null, pullMs: null, createMs: null, inputMs: null, startMs: null, runMs: null },
  ...{ collectMs: null, removeMs: null, peakMemoryBytes: null, cpuSeconds: null },
  ...{ exitCode: null, outOfMemory: null },
};
const placedAt = '2026-01-01T00:00:00.000Z';
const placedMs = Date.parse(placedAt);

function attempt(changes: Partial<Attempt>, telemetry: Partial<Attempt['telemetry']>): Attempt {
  return {
    ...{ id: '0'.repeat(16), number: 1, node: 'local', imageDigest: '', engineRevision: 1 },
    ...{ outcome: null, observations: [], containment: null, logBytes: 0, logTruncated: false },
    ...{ placedAt, startedAt: null, finishedAt: null, state: 'running' },
    ...changes,
    telemetry: { ...none, ...telemetry },
  };
}

const labels = (of: Attempt, nowMs: number): string[] =>
  measureAttempt(of, nowMs).phases.map(({ label, ms }) => `${label} ${ms}`);

it('shows the finished phases of a running attempt, and its run time so far', () => {
  const telemetry = { waitMs: 100, pullMs: 5, createMs: 40, inputMs: 5, startMs: 200 };
  const running = attempt({ state: 'running' }, telemetry);
  expect(labels(running, placedMs + 1_250)).toEqual([
    ...['Queued 100', 'Pull image 5', 'Create container 40', 'Copy input 5', 'Start 200'],
    'Run engine 1000',
  ]);
  expect(measureAttempt(running, placedMs + 1_250).totalMs).toBe(1_350);
});

it('shows the start of an attempt, and the collection of its output', () => {
  const starting = attempt({ state: 'starting' }, { waitMs: 10 });
  expect(labels(starting, placedMs + 300)).toEqual(['Queued 10', 'Start 300']);
  const collecting = attempt({ state: 'collecting' }, { waitMs: 0, startMs: 100, runMs: 400 });
  expect(labels(collecting, placedMs + 800)).toEqual([
    ...['Queued 0', 'Start 100', 'Run engine 400', 'Collect output 300'],
  ]);
});

it('does not advance the times of a finished attempt', () => {
  const finishedAt = '2026-01-01T00:00:02.000Z';
  const done = attempt({ state: 'succeeded', finishedAt }, { waitMs: 500, runMs: 1_800 });
  const later = measureAttempt(done, placedMs + 60_000);
  expect(later.totalMs).toBe(2_500);
  expect(later.phases.map(({ ms }) => ms)).toEqual([500, 1_800]);
});

it('is never negative when the clock of the browser is behind', () => {
  const running = attempt({ state: 'running' }, { waitMs: 100, startMs: 200 });
  expect(measureAttempt(running, placedMs - 5_000)).toMatchObject({ totalMs: 300 });
  expect(labels(running, placedMs - 5_000).at(-1)).toBe('Run engine 0');
});
