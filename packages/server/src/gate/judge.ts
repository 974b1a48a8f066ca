/** What the gate answers for an image, from what is known of it. Pure. */
import type { DecisionAction, GateCheck } from '@lazaret/protocol';

import type { DecisionInForce } from '../policies/index.ts';
import type { PlaceState } from '../quarantine/index.ts';
import type { LastArrival } from '../registries/index.ts';
import { gateLimits } from './limits.ts';

/** What is known of an image in one repository. */
export interface ImageState {
  readonly decision: DecisionInForce | undefined;
  /** What was done about it last. */
  readonly quarantine: PlaceState | undefined;
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

export function judge({ decision, quarantine, arrival }: ImageState): Judgement {
  if (quarantine !== undefined) return judgeQuarantine(quarantine, decision);
  if (decision !== undefined && isConclusive(decision)) return judgeDecision(decision);
  const isFailed = arrival?.state === 'failed';
  const isOld = isFailed && (arrival.settledAgoMs ?? 0) >= gateLimits.retryFailedMs;
  const isMoving = arrival !== undefined && !arrival.isDecided;
  if (decision !== undefined && !isOld && !isMoving) {
    const reason = reasonsOf(decision, 'not everything in it could be examined');
    return { ...about(decision), ...settled, answer: 'hold', reason };
  }
  return judgeArrival(arrival, isOld);
}

/** A person who releases an image overrules what was decided before, not what is decided later. */
function judgeQuarantine(
  { state, releasedAt }: PlaceState,
  decision: DecisionInForce | undefined,
): Judgement {
  const nothing = { verdict: null, policy: null, decision: null, arrival: null };
  const known = {
    ...(decision === undefined ? nothing : about(decision)),
    ...{ ...settled, basis: 'quarantine' as const },
  };
  if (state !== 'released') {
    const reason = reasonsOf(decision, 'a person quarantined it');
    return { ...known, answer: 'deny', reason: `it is in quarantine (${state}): ${reason}` };
  }
  const isLater =
    decision !== undefined && (releasedAt === null || Date.parse(decision.decidedAt) > +releasedAt);
  if (isLater && isConclusive(decision)) return judgeDecision(decision);
  return { ...known, answer: 'allow', reason: 'a person released it from quarantine' };
}

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

function reasonsOf(decision: DecisionInForce | undefined, otherwise: string): string {
  const { reasons = [] } = decision ?? {};
  return reasons.length === 0 ? otherwise : reasons.join('; ');
}
