/**
 * Evaluates a policy on the facts of an image. Pure and deterministic: the time, the past actions
 * and the order of versions are inputs, and work is counted, not timed. A rule that cannot be
 * evaluated never counts as passed; it makes the verdict incomplete.
 */
import type { PolicyAction, PolicyVerdict, VerdictState } from '@lazaret/protocol';

import type { Policy } from '../document/parse-policy.ts';
import { FactBindings } from '../expression/compile-expression.ts';
import { Meter } from '../expression/meter.ts';
import type { CompareVersions } from '../expression/runtime.ts';
import type { PolicyFacts } from '../facts/fact-schema.ts';
import { policyLimits } from '../limits.ts';
import { mergeActions } from './decide-actions.ts';
import { exceptFacts } from './except-facts.ts';
import { ExceptionSet, toExceptions, type PolicyException } from './exceptions.ts';
import { evaluateRule } from './evaluate-rule.ts';
import type { PolicyResult, RuleResult } from './policy-result.ts';

export interface EvaluationInput {
  readonly facts: PolicyFacts;
  readonly compareVersions: CompareVersions;
  /** Exceptions besides those of the policy, such as of VEX documents. */
  readonly exceptions?: readonly PolicyException[];
  /** How often each action was taken in the last hour. */
  readonly recentActions?: Partial<Readonly<Record<PolicyAction, number>>>;
  /** Work of the whole evaluation; see meter.ts. */
  readonly steps?: number;
  /** Also evaluate the parts of each condition, for people who want to know why. */
  readonly explain?: boolean;
}

const ownExceptions = new WeakMap<Policy, readonly PolicyException[]>();

/** The same list for every evaluation, so that it is indexed once. */
function exceptionsOf(policy: Policy): readonly PolicyException[] {
  const list = ownExceptions.get(policy) ?? toExceptions(policy.exceptions);
  ownExceptions.set(policy, list);
  return list;
}

export function evaluatePolicy(policy: Policy, input: EvaluationInput): PolicyResult {
  const { facts, compareVersions, recentActions = {} } = input;
  const lists = [exceptionsOf(policy), input.exceptions ?? []];
  const exceptions = new ExceptionSet(lists, facts);
  const meter = new Meter(input.steps ?? policyLimits.stepsPerPolicy);
  const context = {
    facts,
    bindings: new FactBindings(facts),
    exceptions,
    compareVersions,
    meter,
    explain: input.explain === true,
    actions: {
      settings: policy.actions,
      recentActions,
      hasDigest: (facts.context.digest ?? '') !== '',
    },
  };
  const rules = policy.rules.map((rule) => evaluateRule(rule, context));
  const aboutFindings = new Set(policy.rules.filter(isAboutFindings).map(({ id }) => id));
  return {
    policy: policy.name,
    ...decideVerdict(rules, {
      facts,
      inspection: verdictOf(facts, exceptions, meter),
      aboutFindings,
    }),
    rules,
    actions: mergeActions(rules),
    expired: exceptions.expired.map(summarize),
    unused: findUnused(exceptionsOf(policy), rules, exceptions).map(summarize),
    steps: meter.spent,
  };
}

function summarize(exception: PolicyException): PolicyResult['expired'][number] {
  const { id, owner, reason, expires, source } = exception;
  return { id, owner, reason, expires, source };
}

function findUnused(
  own: readonly PolicyException[],
  rules: readonly RuleResult[],
  { expired }: ExceptionSet,
): PolicyException[] {
  const applied = new Set(rules.flatMap((rule) => rule.exceptions.map(({ id }) => id)));
  const isExpired = new Set(expired);
  return own.filter((one) => !applied.has(one.id) && !isExpired.has(one));
}

interface Reason {
  readonly verdict: PolicyVerdict;
  readonly text: string;
}

const worse: readonly PolicyVerdict[] = ['pass', 'warn', 'incomplete', 'fail'];

/** The verdict of the inspection without the findings that exceptions accept in every rule. */
function verdictOf(facts: PolicyFacts, exceptions: ExceptionSet, meter: Meter): VerdictState {
  if (meter.left === 0) return facts.verdict.state;
  const own = new Meter(meter.left);
  try {
    const rule = { id: '', variables: new Set(['verdict']), exceptions, meter: own };
    return exceptFacts(facts, rule).facts.verdict.state;
  } catch (error) {
    if (!own.isExhausted) throw error;
    return facts.verdict.state;
  }
}

interface VerdictInput {
  readonly facts: PolicyFacts;
  readonly inspection: VerdictState;
  /** Rules whose condition uses findings or the verdict of the inspection. */
  readonly aboutFindings: ReadonlySet<string>;
}

function isAboutFindings({ compiled: { variables } }: Policy['rules'][number]): boolean {
  return variables.has('findings') || variables.has('verdict');
}

function decideVerdict(
  rules: readonly RuleResult[],
  { facts, inspection, aboutFindings }: VerdictInput,
): Pick<PolicyResult, 'verdict' | 'reasons'> {
  const reasons: Reason[] = [
    ...rules.flatMap(reasonOfRule),
    ...reasonOfCoverage(facts),
    ...reasonOfFindings(
      rules.filter(({ id }) => aboutFindings.has(id)),
      inspection,
    ),
  ];
  const verdict = reasons.reduce<PolicyVerdict>(
    (worst, one) => (worse.indexOf(one.verdict) > worse.indexOf(worst) ? one.verdict : worst),
    'pass',
  );
  const ordered = reasons.toSorted((a, b) => worse.indexOf(b.verdict) - worse.indexOf(a.verdict));
  return { verdict, reasons: ordered.map(({ text }) => text) };
}

function reasonOfRule({ id, state, effect, message, reason }: RuleResult): Reason[] {
  if (state === 'error') return [{ verdict: 'incomplete', text: `${id}: ${reason ?? ''}` }];
  if (state !== 'matched' || effect === 'none') return [];
  return [{ verdict: effect, text: message === undefined ? id : `${id}: ${message}` }];
}

function reasonOfCoverage({ coverage, verdict }: PolicyFacts): Reason[] {
  if (!coverage.complete) {
    return [{ verdict: 'incomplete', text: 'the inspection is incomplete' }];
  }
  if (verdict.state === 'unscanned') {
    return [{ verdict: 'incomplete', text: 'no malware scanner ran' }];
  }
  return [];
}

/** A policy may have no rule about malware; the image is not fine because of that. */
function reasonOfFindings(rules: readonly RuleResult[], inspection: VerdictState): Reason[] {
  const isBad = inspection === 'malicious' || inspection === 'suspicious';
  const isHandled = rules.some(({ state, effect }) => state === 'matched' && effect !== 'none');
  if (!isBad || isHandled) return [];
  const text = `the verdict of the inspection is ${inspection}, and no rule matches it`;
  return [{ verdict: 'warn', text }];
}
