/** The state machine: any sequence of events ends a job exactly once. */
import {
  finalStates,
  isFinal,
  jobStates,
  limits,
  outcomeCodes,
  type JobState,
  type OutcomeCode,
} from '@lazaret/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { jobLimits } from './limits.ts';
import { afterAttempt, isLegalMove, statesBefore, type RetryBudget } from './state.ts';

const codes = Object.keys(outcomeCodes) as OutcomeCode[];
const state = fc.constantFrom(...jobStates);
const code = fc.constantFrom(...codes);
const budget = fc.record({
  attempts: fc.integer({ min: 1, max: 100 }),
  workloadFailures: fc.nat({ max: 20 }),
  platformFailures: fc.nat({ max: 20 }),
  attemptsMax: fc.integer({ min: 1, max: limits.attemptsMax }),
  workloadRetries: fc.nat({ max: limits.attemptsMax }),
});

test('there is no transition out of final states', () => {
  for (const from of finalStates) {
    for (const to of jobStates)
      expect([from, to, isLegalMove(from, to)]).toEqual([from, to, false]);
  }
});

test('every state is reached from queued, and a final one from every state that is not', () => {
  const reached = new Set<JobState>(['queued']);
  for (const from of reached) {
    for (const to of jobStates) if (isLegalMove(from, to)) reached.add(to);
  }
  expect([...reached].toSorted()).toEqual([...jobStates].toSorted());
  for (const from of jobStates.filter((one) => !isFinal(one))) {
    for (const to of ['failed', 'timed_out', 'cancelled'] as const) {
      expect([from, isLegalMove(from, to)]).toEqual([from, true]);
    }
  }
});

test('a job succeeds only from collecting, and runs only after it started', () => {
  expect(statesBefore('succeeded')).toEqual(['collecting']);
  expect(statesBefore('collecting')).toEqual(['running']);
  expect(statesBefore('running')).toEqual(['starting']);
  expect(statesBefore('starting')).toEqual(['placed']);
  expect(statesBefore('placed')).toEqual(['queued']);
});

test('the source states of a transition are those from which it is legal', () => {
  fc.assert(
    fc.property(state, state, (from, to) => {
      expect(statesBefore(to).includes(from)).toBe(isLegalMove(from, to));
    }),
  );
});

test('any sequence of requested transitions reaches at most one final state, once', () => {
  fc.assert(
    fc.property(fc.array(state, { maxLength: 60 }), (asked) => {
      let now: JobState = 'queued';
      let finals = 0;
      for (const to of asked) {
        if (!isLegalMove(now, to)) continue;
        now = to;
        if (isFinal(now)) finals += 1;
      }
      expect(finals).toBe(isFinal(now) ? 1 : 0);
    }),
  );
});

test('after an attempt the job ends, or waits again for a bounded time', () => {
  fc.assert(
    fc.property(code, fc.boolean(), budget, (outcome, cancelRequested, left) => {
      const after = afterAttempt({ outcome: { code: outcome, detail: '' }, cancelRequested }, left);
      if (after.next !== 'queued') {
        expect(isFinal(after.next)).toBe(true);
        return;
      }
      expect(after.backoffMs).toBeGreaterThanOrEqual(0);
      expect(after.backoffMs).toBeLessThanOrEqual(jobLimits.retryBackoffMaxMs);
      expect(cancelRequested).toBe(false);
      expect(['workload', 'platform', 'interrupted']).toContain(outcomeCodes[outcome].class);
    }),
  );
});

test('a success counts even after a late cancellation; otherwise a cancelled job is cancelled', () => {
  fc.assert(
    fc.property(code, budget, (outcome, left) => {
      const end = { outcome: { code: outcome, detail: '' }, cancelRequested: true };
      const expected = outcome === 'succeeded' ? 'succeeded' : 'cancelled';
      expect(afterAttempt(end, left)).toEqual({ next: expected });
    }),
  );
});

/** Simulates attempts until the job has ended and counts them. */
function play(outcomes: readonly OutcomeCode[], manifest: Manifest): Played {
  const left = { attempts: 0, workloadFailures: 0, platformFailures: 0, ...manifest };
  const backoffs: number[] = [];
  for (const outcome of outcomes) {
    left.attempts += 1;
    const end = { outcome: { code: outcome, detail: '' }, cancelRequested: false };
    const after = afterAttempt(end, left);
    if (after.next !== 'queued') return { ...left, backoffs, next: after.next };
    const kind = outcomeCodes[outcome].class;
    if (kind === 'workload') left.workloadFailures += 1;
    if (kind === 'platform') left.platformFailures += 1;
    backoffs.push(after.backoffMs);
  }
  return { ...left, backoffs, next: undefined };
}

type Manifest = Pick<RetryBudget, 'attemptsMax' | 'workloadRetries'>;

interface Played extends RetryBudget {
  readonly backoffs: readonly number[];
  readonly next: JobState | undefined;
}

const manifest = fc.record({
  attemptsMax: fc.integer({ min: 1, max: limits.attemptsMax }),
  workloadRetries: fc.nat({ max: limits.attemptsMax }),
});

test('retries are bounded: whatever fails in whatever order, the job ends within its budget', () => {
  const failures = codes.filter((one) =>
    ['workload', 'platform'].includes(outcomeCodes[one].class),
  );
  const many = fc.array(fc.constantFrom(...failures), { minLength: 50, maxLength: 50 });
  fc.assert(
    fc.property(many, manifest, (outcomes, given) => {
      const played = play(outcomes, given);
      expect(played.next).toBeDefined();
      expect(played.attempts).toBeLessThanOrEqual(given.attemptsMax + given.workloadRetries);
    }),
  );
});

test('platform failures are retried up to the attempts of the manifest, workload failures up to its retries', () => {
  fc.assert(
    fc.property(manifest, (given) => {
      const lost = play(
        Array.from({ length: 50 }, () => 'lost' as const),
        given,
      );
      expect([lost.next, lost.attempts]).toEqual(['failed', given.attemptsMax]);
      const failed = play(
        Array.from({ length: 50 }, () => 'exit_code' as const),
        given,
      );
      expect([failed.next, failed.attempts]).toEqual(['failed', given.workloadRetries + 1]);
    }),
  );
});

test('an interruption does not count as an attempt: restarts of the server fail no job', () => {
  const outcomes = [...Array.from({ length: 40 }, () => 'stopped' as const), 'succeeded' as const];
  const played = play(outcomes, { attemptsMax: 1, workloadRetries: 0 });
  expect([played.next, played.attempts]).toEqual(['succeeded', 41]);
});

test('each retry waits at least as long as the one before', () => {
  for (const outcome of ['lost', 'exit_code'] as const) {
    const given = { attemptsMax: limits.attemptsMax, workloadRetries: limits.attemptsMax };
    const { backoffs } = play(
      Array.from({ length: 50 }, () => outcome),
      given,
    );
    expect(backoffs.length).toBeGreaterThan(5);
    expect(backoffs[0]).toBe(jobLimits.retryBackoffMs);
    expect(backoffs).toEqual(backoffs.toSorted((one, other) => one - other));
  }
});

test('a timeout differs from a failure', () => {
  const left = {
    attempts: 1,
    workloadFailures: 0,
    platformFailures: 0,
    attemptsMax: 1,
    workloadRetries: 0,
  };
  for (const outcome of codes) {
    const end = { outcome: { code: outcome, detail: '' }, cancelRequested: false };
    const isTime = outcome === 'time_limit' || outcome === 'queue_time_limit';
    expect([outcome, afterAttempt(end, left).next === 'timed_out']).toEqual([outcome, isTime]);
  }
});
