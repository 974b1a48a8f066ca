/** Runs the test cases of a policy and compares what they expect with what the policy decides. */
import {
  policyActions,
  type InspectionReport,
  type RuleState,
  type VerdictState,
} from '@lazaret/protocol';

import type { Policy } from '../document/parse-policy.ts';
import type { PolicyTest } from '../document/policy-schema.ts';
import { evaluatePolicy } from '../evaluation/evaluate-policy.ts';
import type { PolicyException } from '../evaluation/exceptions.ts';
import type { PolicyResult, RuleResult } from '../evaluation/policy-result.ts';
import type { CompareVersions } from '../expression/runtime.ts';
import { buildFacts } from '../facts/build-facts.ts';
import { buildReport } from './build-report.ts';

/** One expectation that does not hold. */
export interface Difference {
  /** `verdict`, `rules.malware`, `actions.quarantine`, ... */
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
  /** Why it is as it is, if the result says so. */
  readonly reason?: string;
}

export interface TestResult {
  readonly name: string;
  readonly passed: boolean;
  readonly differences: readonly Difference[];
  /** Why the test could not run. */
  readonly problems: readonly string[];
  /** What the policy decides; undefined if the test could not run. */
  readonly decided?: TestDecision;
}

/** What a policy decides about the facts of a test. */
export interface TestDecision extends Pick<PolicyResult, 'verdict' | 'reasons' | 'actions'> {
  /** Verdict of the inspection. */
  readonly inspection: VerdictState;
  /** Rules that matched, were excepted or are in error. */
  readonly rules: readonly Pick<RuleResult, 'id' | 'state' | 'message' | 'reason'>[];
}

export interface TestOptions {
  readonly compareVersions: CompareVersions;
  readonly exceptions: readonly PolicyException[];
  /** Reads a report that a test names; throws an error with a message for people. */
  readonly readReport: (path: string) => Promise<InspectionReport>;
}

/** The time of tests that do not give one. */
const usualNow = '2027-01-01T00:00:00Z';

export async function runTests(
  policy: Policy,
  tests: readonly PolicyTest[],
  options: TestOptions,
): Promise<TestResult[]> {
  const results: TestResult[] = [];
  for (const test of tests) results.push(await runTest(policy, test, options));
  return results;
}

async function runTest(
  policy: Policy,
  test: PolicyTest,
  { compareVersions, exceptions, readReport }: TestOptions,
): Promise<TestResult> {
  const { name, context, now = usualNow, recentActions = {} } = test;
  const { report, problems } = await reportOf(test, readReport);
  if (report === undefined) return { name, passed: false, differences: [], problems };
  const facts = buildFacts(report, {
    now,
    ...(context !== undefined && { context: clean(context) }),
  });
  const result = evaluatePolicy(policy, {
    ...{ facts, compareVersions, exceptions },
    recentActions: clean(recentActions),
  });
  const { state: inspection } = facts.verdict;
  const differences = compare(test.expect, result, inspection);
  const decided = describeDecision(result, inspection);
  return { name, passed: differences.length === 0, differences, problems: [], decided };
}

const quietStates: readonly RuleState[] = ['passed', 'not-applicable'];

function describeDecision(
  { verdict, reasons, actions, rules }: PolicyResult,
  inspection: VerdictState,
): TestDecision {
  const shown = rules
    .filter(({ state }) => !quietStates.includes(state))
    .map(({ id, state, message, reason }) => ({
      ...{ id, state },
      ...(message !== undefined && { message }),
      ...(reason !== undefined && { reason }),
    }));
  return { inspection, verdict, reasons, actions, rules: shown };
}

async function reportOf(
  { report: path, facts = {} }: PolicyTest,
  readReport: TestOptions['readReport'],
): Promise<ReturnType<typeof buildReport>> {
  if (path === undefined) return buildReport(facts);
  try {
    return { report: await readReport(path) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { problems: [error.message] };
  }
}

type WithoutUndefined<Value> = { [Name in keyof Value]?: Exclude<Value[Name], undefined> };

function clean<Value extends object>(value: Value): WithoutUndefined<Value> {
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(entries) as WithoutUndefined<Value>;
}

type Expectation = PolicyTest['expect'];

function compare(expect: Expectation, result: PolicyResult, inspection: string): Difference[] {
  return [
    ...same('inspection', expect.inspection, inspection),
    ...compareVerdict(expect, result),
    ...compareRules(expect, result),
    ...compareActions(expect, result),
  ];
}

function same(what: string, expected: string | undefined, actual: string): Difference[] {
  return expected === undefined || expected === actual ? [] : [{ what, expected, actual }];
}

function compareVerdict({ verdict }: Expectation, result: PolicyResult): Difference[] {
  const [reason] = result.reasons;
  return same('verdict', verdict, result.verdict).map((one) => ({
    ...one,
    ...(reason !== undefined && { reason: result.reasons.join('; ') }),
  }));
}

function compareRules(expect: Expectation, { rules }: PolicyResult): Difference[] {
  const matched = rules.filter(({ state }) => state === 'matched').map(({ id }) => id);
  const listed = (ids: readonly string[]): string =>
    ids.length === 0 ? 'none' : ids.toSorted().join(', ');
  return [
    ...same('matched', expect.matched && listed(expect.matched), listed(matched)),
    ...rules.flatMap(({ id, state, reason, message = '' }) => [
      ...same(`rules.${id}`, expect.rules?.[id], state).map((one) => ({
        ...one,
        ...(reason !== undefined && { reason }),
      })),
      ...compareMessage(id, expect.message?.[id], message),
    ]),
  ];
}

function compareMessage(id: string, part: string | undefined, message: string): Difference[] {
  if (part === undefined || message.includes(part)) return [];
  return [{ what: `message.${id}`, expected: `text with "${part}"`, actual: `"${message}"` }];
}

function compareActions(expect: Expectation, { actions }: PolicyResult): Difference[] {
  return policyActions.flatMap((action) => {
    const decision = actions.find((one) => one.action === action);
    const found = same(`actions.${action}`, expect.actions?.[action], decision?.state ?? 'none');
    return found.map((one) => ({
      ...one,
      ...(decision?.reason !== undefined && { reason: decision.reason }),
    }));
  });
}
