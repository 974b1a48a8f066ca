/** What the gate answers for an image, from what is known of it. Pure. */
import type { DecisionAction, GateCheck } from '@lazaret/protocol';

import type { DecisionInForce } from '../policies/index.ts';
import type { PlaceState } from '../quarantine/index.ts';
import type { LastArrival } from '../registries/index.ts';
import { gateLimits } from './limits.ts';

/** What is known of an image in one repository. */
export interface ImageState {
  readonly decision: DecisionInForce | undefined;
  readonly quarantine: PlaceState | undefined;
  /** Whether a person released the image in spite of the decision. */
  readonly isOverridden: boolean;
  /** Only read where the decision does not suffice. */
  readonly arrival: LastArrival | undefined;
}

export interface Judgement extends Pick<
  GateCheck,
  'answer' | 'reason' | 'basis' | 'verdict' | 'policy' | 'decision' | 'arrival'
> {
  /** Whether it may change while one waits. */
  readonly isPending: boolean;
  /** Whether an inspection has to be requested. */
  readonly needsInspection: boolean;
}

/** Actions of a decision that keep an image from being pulled. */
const blocking: ReadonlySet<DecisionAction> = new Set(['block', 'quarantine', 'delete']);

/** Whether a decision is enough to answer. */
export function isConclusive({ own }: DecisionInForce): boolean {
  return own.verdict !== 'incomplete' || blocking.has(own.action);
}

export function judge(state: ImageState): Judgement {
  const { decision, quarantine, isOverridden, arrival } = state;
  if (quarantine !== undefined && quarantine.state !== 'released') {
    return judgeQuarantined(quarantine, decision);
  }
  if (decision === undefined || !isConclusive(decision)) return judgeOpen(decision, arrival);
  const found = judgeDecision(decision);
  const isReleased = quarantine !== undefined && isOverridden && found.answer === 'deny';
  return isReleased ? judgeReleased(quarantine, found) : found;
}

/** There is no decision that suffices. */
function judgeOpen(
  decision: DecisionInForce | undefined,
  arrival: LastArrival | undefined,
): Judgement {
  const isFailed = arrival?.state === 'failed';
  const isOld = isFailed && (arrival.settledAgoMs ?? 0) >= gateLimits.retryFailedMs;
  const isMoving = arrival !== undefined && !arrival.isDecided;
  if (decision !== undefined && !isOld && !isMoving) {
    const reason = reasonsOf(decision, 'not everything in it could be examined');
    return { ...about(decision), ...settled, answer: 'hold', reason };
  }
  return judgeArrival(arrival, isOld);
}

/** Whatever a policy says since: a person has to release it. */
function judgeQuarantined(
  { state, by, reason }: PlaceState,
  decision: DecisionInForce | undefined,
): Judgement {
  const known = decision === undefined ? undecided : about(decision);
  return {
    ...{ ...known, ...settled, basis: 'quarantine', answer: 'deny' },
    reason: `${state} by ${by}: ${reason}`,
  };
}

function judgeReleased({ by, reason }: PlaceState, found: Judgement): Judgement {
  return {
    ...{ ...found, basis: 'release', answer: 'warn' },
    reason: `released by ${by} (${reason}) in spite of: ${found.reason}`,
  };
}

const undecided = { verdict: null, policy: null, decision: null, arrival: null } as const;

function judgeArrival(arrival: LastArrival | undefined, isOld: boolean): Judgement {
  const known = {
    ...({
      answer: 'hold',
      verdict: arrival?.verdict ?? null,
      policy: null,
      decision: null,
    } as const),
    ...{ arrival: arrival?.id ?? null, isPending: true },
  };
  if (arrival === undefined || isOld) {
    const reason = isOld ? 'its inspection failed and is repeated' : 'it was not inspected yet';
    return { ...known, basis: 'unknown', reason, needsInspection: true };
  }
  const isSettled = arrival.state === 'inspected' || arrival.state === 'failed';
  const reason = isSettled ? 'its decision is being made' : 'it is being inspected';
  return { ...known, basis: 'inspecting', reason, needsInspection: !isSettled };
}

function judgeDecision(decision: DecisionInForce): Judgement {
  const { verdict, action } = decision.own;
  const known = { ...about(decision), ...settled };
  if (blocking.has(action)) {
    return { ...known, answer: 'deny', reason: reasonsOf(decision, `the policy says ${action}`) };
  }
  if (verdict === 'pass') return { ...known, answer: 'allow', reason: 'it passes the policy' };
  const what = verdict === 'fail' ? 'it fails the policy, which does not block it' : 'policy';
  return { ...known, answer: 'warn', reason: `${what}: ${reasonsOf(decision, verdict)}` };
}

const settled = { isPending: false, needsInspection: false } as const;

function about(
  decision: DecisionInForce,
): Pick<Judgement, 'basis' | 'verdict' | 'policy' | 'decision' | 'arrival'> {
  const { inspected: verdict, policy, policyVersion, id, arrival } = decision;
  return {
    basis: 'decision',
    ...{ verdict, policy: `${policy} version ${policyVersion}`, decision: id, arrival },
  };
}

function reasonsOf({ reasons }: DecisionInForce, otherwise: string): string {
  return reasons.length === 0 ? otherwise : reasons.join('; ');
}
