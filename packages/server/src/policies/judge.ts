/** Judges an image in one place of a registry: policy and facts to what is decided. Pure. */
import { hash } from 'node:crypto';

import {
  decisionActions,
  policyActions,
  policyVerdicts,
  type ActionState,
  type DecidedAction,
  type DecidedRule,
  type DecisionAction,
  type JudgedImage,
  type PolicyAction,
  type PolicyVerdict,
  type UsedException,
  type VerdictState,
} from '@lazaret/protocol';
import { compareVersions } from '@lazaret/analysis';
import {
  buildFacts,
  choosePolicy,
  evaluatePolicy,
  type PolicyContext,
  type PolicyException,
  type PolicyResult,
  type RuleResult,
  variablesOf,
} from '@lazaret/policy';

import { storable } from '../floor/storable.ts';
import { worstVerdict } from '../inspection/index.ts';
import type { JudgedFacts } from './judged-facts.ts';
import { judgingLimits } from './limits.ts';
import type { PolicyInForce } from './policy-in-force.ts';
import type { PolicySet } from './policy-set.ts';

/** A digest in one place, with what is known about it. */
export interface Subject {
  readonly project: string;
  readonly registry: { readonly id: string; readonly name: string; readonly address: string };
  readonly repository: string;
  readonly digest: string;
  readonly tags: readonly string[];
  /** One, or those of an index that were inspected. */
  readonly images: readonly JudgedFacts[];
  /** Why something was not inspected; the decision then never passes. */
  readonly problem: string | undefined;
}

/** What a policy concludes; equal inputs yield an equal outcome. */
export interface Outcome {
  readonly policy: PolicyInForce;
  readonly inspected: VerdictState | null;
  readonly verdict: PolicyVerdict;
  readonly action: DecisionAction;
  readonly actions: readonly DecidedAction[];
  readonly reasons: readonly string[];
  readonly images: readonly JudgedImage[];
  readonly rules: readonly DecidedRule[];
  readonly exceptions: readonly UsedException[];
}

/** @param now RFC 3339. */
export function judge(set: PolicySet, subject: Subject, now: string): Outcome {
  const policy = policyFor(set, subject);
  const results = subject.images.map((image) => ({
    image,
    result: evaluateImage(policy, { image, subject, now, exceptions: set.exceptions }),
  }));
  const missing = reasonsForMissing(subject);
  const verdicts = results.map(({ result }) => result.verdict);
  if (missing.length > 0) verdicts.push('incomplete');
  const several = results.length > 1;
  const actions = mergeActions(
    results.map(({ result }) => result),
    policy,
  );
  return {
    ...{ policy, actions, action: strictest(actions) },
    inspected: worstVerdict(results.map(({ image }) => image.verdict)) ?? null,
    verdict: worstOf(verdicts),
    reasons: unique([
      ...missing,
      ...results.flatMap(({ result, image }) =>
        result.reasons.map((reason) => (several ? `${nameOf(image)}: ${reason}` : reason)),
      ),
    ]),
    images: results.map(toJudged),
    rules: results.flatMap(({ result, image }) =>
      describeRules(result.rules, several ? image.digest : null),
    ),
    exceptions: results.flatMap(({ result }) => usedExceptions(result.rules)),
  };
}

/** The policy that applies; the built-in one applies everywhere, so there always is one. */
export function policyFor(
  set: PolicySet,
  subject: Pick<Subject, 'registry' | 'repository' | 'tags'>,
) {
  const { registry, repository, tags } = subject;
  const place = {
    ...{ registry: registry.address, registryName: registry.name },
    ...{ repository, tags: [...tags] },
  };
  return choosePolicy(set.policies, place) ?? set.fallback;
}

interface ImageInput {
  readonly image: JudgedFacts;
  readonly subject: Subject;
  readonly now: string;
  readonly exceptions: readonly PolicyException[];
}

export function evaluateImage(
  { policy }: PolicyInForce,
  { image, subject, now, exceptions }: ImageInput,
  { explain = false } = {},
): PolicyResult {
  const [tag] = subject.tags;
  const context: PolicyContext = {
    registry: subject.registry.address,
    registryName: subject.registry.name,
    repository: subject.repository,
    ...(tag !== undefined && { tag }),
    tags: [...subject.tags],
    digest: image.digest,
  };
  const { scripts } = image;
  const facts = buildFacts(image.report, { context, now, ...(scripts && { scripts }) });
  return evaluatePolicy(policy, { facts, compareVersions, exceptions, explain });
}

function reasonsForMissing({ images, problem }: Subject): string[] {
  if (problem !== undefined) return [storable(problem)];
  return images.length === 0 ? ['there is no report of the image'] : [];
}

function nameOf({ platform, digest }: JudgedFacts): string {
  return platform ?? digest.slice(0, 'sha256:'.length + 12);
}

function worstOf(verdicts: readonly PolicyVerdict[]): PolicyVerdict {
  return policyVerdicts.toReversed().find((one) => verdicts.includes(one)) ?? 'pass';
}

const states: readonly ActionState[] = ['apply', 'dry-run', 'withheld'];

/** For each action the strongest state that one of the images gives. */
function mergeActions(
  results: readonly PolicyResult[],
  { policy }: PolicyInForce,
): readonly DecidedAction[] {
  return policyActions.flatMap((action) => {
    const wanted = results.flatMap(({ actions }) => actions.filter((one) => one.action === action));
    const [first] = wanted.toSorted((a, b) => states.indexOf(a.state) - states.indexOf(b.state));
    if (first === undefined) return [];
    const same = wanted.filter(({ state }) => state === first.state);
    return [
      {
        ...{ action, state: first.state, reason: first.reason ?? null },
        rules: [...new Set(same.flatMap(({ rules }) => rules))],
        perHour: policy.actions[action].perHour ?? null,
      },
    ];
  });
}

function strictest(
  actions: readonly { action: PolicyAction; state: ActionState }[],
): DecisionAction {
  const applied = actions.filter(({ state }) => state === 'apply').map(({ action }) => action);
  return (
    decisionActions.toReversed().find((one) => one !== 'none' && applied.includes(one)) ?? 'none'
  );
}

function toJudged({ image, result }: { image: JudgedFacts; result: PolicyResult }): JudgedImage {
  return {
    ...{ digest: image.digest, platform: image.platform, inspection: image.inspection },
    inspectedAt: image.inspectedAt.toISOString(),
    fingerprint: image.report.fingerprint,
    ...{ inspected: image.verdict, verdict: result.verdict, action: strictest(result.actions) },
  };
}

const shown: ReadonlySet<string> = new Set(['matched', 'excepted', 'error']);

function describeRules(rules: readonly RuleResult[], image: string | null): DecidedRule[] {
  return rules
    .filter(({ state }) => shown.has(state))
    .map(({ id, severity, effect, state, message, reason, evidence }) => ({
      ...{ id, severity, effect, state, image },
      message: message === undefined ? null : cut(message),
      reason: reason === undefined ? null : cut(reason),
      evidence: evidence.map(({ from, total, items }) => ({
        ...{ from, total },
        items: items.slice(0, judgingLimits.evidenceItems),
      })),
    }));
}

function usedExceptions(rules: readonly RuleResult[]): UsedException[] {
  return rules
    .flatMap(({ id: rule, exceptions }) =>
      exceptions.map(({ id, owner, reason, expires, source }) => ({
        ...{ id, rule, owner, reason, expires, source },
      })),
    )
    .slice(0, judgingLimits.exceptionsPerDecision);
}

function unique(reasons: readonly string[]): string[] {
  return [...new Set(reasons.map(cut))].slice(0, judgingLimits.reasons);
}

function cut(text: string): string {
  const stored = storable(text);
  const { textChars } = judgingLimits;
  return stored.length > textChars ? `${stored.slice(0, textChars)}...`.toWellFormed() : stored;
}

/** Digest of what makes a new decision: the result and its reasons, not the time. */
export function digestOutcome(outcome: Outcome, tags: readonly string[]): string {
  const { policy, images, rules, exceptions, ...rest } = outcome;
  const essence = JSON.stringify({
    ...rest,
    policy: policy.policy.name,
    tags: tags.toSorted(),
    exceptions: exceptions.map(({ id, rule }) => [id, rule]),
    images: images.map(({ digest, verdict, action }) => [digest, verdict, action]),
    rules: rules.map(({ id, state, message, reason, image }) => [
      id,
      state,
      message,
      reason,
      image,
    ]),
  });
  return hash('sha256', essence, 'base64url');
}

/** Fields of reports that the policies of a set read. */
export function factNames({ policies, fallback }: PolicySet): ReadonlySet<string> {
  return new Set([fallback, ...policies].flatMap(({ policy }) => [...variablesOf(policy)]));
}
