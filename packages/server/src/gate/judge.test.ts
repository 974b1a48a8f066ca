/** What follows from a decision, a quarantine and an arrival. */
import { expect, test } from 'vitest';

import type { DecisionInForce } from '../policies/index.ts';
import type { PlaceState } from '../quarantine/index.ts';
import type { LastArrival } from '../registries/index.ts';
import { judge } from './judge.ts';

const decidedAt = '2026-11-30T12:00:00Z';

function decision(own: DecisionInForce['own'], reasons: readonly string[] = []): DecisionInForce {
  return {
    ...{ id: 'd'.repeat(16), project: 'default', registry: 'lab', repository: 'lab/app' },
    ...{ tags: [], digest: 'sha256:1', arrival: 'a'.repeat(16), trigger: 'arrival' },
    ...{ policy: 'lab', policyVersion: 3, policySha256: '', inspected: 'malicious' },
    ...{ verdict: own.verdict, action: own.action, actions: [], reasons: [...reasons] },
    ...{ approvedBy: 'policy', causedBy: 'watcher', inForce: true, previous: null },
    ...{ decidedAt, own },
  };
}

const arrived: LastArrival = {
  ...{ id: 'b'.repeat(16), state: 'inspecting', verdict: null, priority: 20 },
  ...{ isDecided: false, settledAgoMs: null },
};

function quarantined(state: PlaceState['state']): PlaceState {
  return { item: 'c'.repeat(16), state, reason: 'false alarm', by: 'ana', overridden: null };
}

const nothing = {
  ...{ decision: undefined, quarantine: undefined, arrival: undefined, isOverridden: false },
};

test.each([
  [{ verdict: 'pass', action: 'none' }, 'allow'],
  [{ verdict: 'warn', action: 'report' }, 'warn'],
  [{ verdict: 'fail', action: 'attach' }, 'warn'],
  [{ verdict: 'fail', action: 'block' }, 'deny'],
  [{ verdict: 'fail', action: 'quarantine' }, 'deny'],
  [{ verdict: 'fail', action: 'delete' }, 'deny'],
  [{ verdict: 'incomplete', action: 'block' }, 'deny'],
  [{ verdict: 'incomplete', action: 'report' }, 'hold'],
] as const)('a decision %j is answered with %s', (own, answer) => {
  const found = judge({ ...nothing, decision: decision(own, ['why']) });
  expect(found).toMatchObject({ answer, basis: 'decision', isPending: false });
  if (answer !== 'allow') expect(found.reason).toContain('why');
});

test('an image without a decision is held, and inspected unless that is going on', () => {
  expect(judge(nothing)).toMatchObject({ answer: 'hold', isPending: true, needsInspection: true });
  const inspecting = judge({ ...nothing, arrival: arrived });
  expect(inspecting).toMatchObject({ answer: 'hold', basis: 'inspecting', isPending: true });
  const settled = { ...arrived, state: 'inspected' as const, settledAgoMs: 5 };
  expect(judge({ ...nothing, arrival: settled })).toMatchObject({
    ...{ answer: 'hold', isPending: true, needsInspection: false },
  });
});

test('a new inspection of an incompletely examined image is waited for', () => {
  const incomplete = decision({ verdict: 'incomplete', action: 'report' });
  expect(judge({ ...nothing, decision: incomplete, arrival: arrived }).isPending).toBe(true);
  const failed = { ...arrived, state: 'failed' as const, isDecided: true };
  const recent = { ...failed, settledAgoMs: 1_000 };
  expect(judge({ ...nothing, decision: incomplete, arrival: recent }).isPending).toBe(false);
  const old = { ...failed, settledAgoMs: 3_600_000 };
  expect(judge({ ...nothing, decision: incomplete, arrival: old }).needsInspection).toBe(true);
});

test('what is in quarantine is denied, also without a decision', () => {
  for (const state of ['quarantined', 'blocked', 'purged'] as const) {
    const found = judge({ ...nothing, quarantine: quarantined(state) });
    expect(found).toMatchObject({ answer: 'deny', basis: 'quarantine' });
  }
});

test('a released image passes in spite of the decision that was overridden, and only of that', () => {
  const blocking = decision({ verdict: 'fail', action: 'quarantine' }, ['malware']);
  const state = { ...nothing, decision: blocking, quarantine: quarantined('released') };
  expect(judge({ ...state, isOverridden: true })).toMatchObject({
    ...{ answer: 'warn', basis: 'release' },
    reason: 'released by ana (false alarm) in spite of: malware',
  });
  expect(judge(state)).toMatchObject({ answer: 'deny', basis: 'decision' });
  const passing = decision({ verdict: 'pass', action: 'none' });
  expect(judge({ ...state, decision: passing, isOverridden: true }).answer).toBe('allow');
});
