/** Facts and policies for tests. */
import type { Policy } from '../document/parse-policy.ts';
import { parsePolicy } from '../document/parse-policy.ts';
import { formatFault } from '../document/policy-fault.ts';
import { evaluatePolicy, type EvaluationInput } from '../evaluation/evaluate-policy.ts';
import type { PolicyResult, RuleResult } from '../evaluation/policy-result.ts';
import { buildFacts, type FactOptions } from '../facts/build-facts.ts';
import type { PolicyFacts } from '../facts/fact-schema.ts';
import { buildReport } from '../testcases/build-report.ts';

export const sampleNow = '2027-01-01T00:00:00Z';

/** Facts of an image from the parts of a report that matter; all else is complete and clean. */
export function sampleFacts(
  parts: Readonly<Record<string, unknown>> = {},
  options: Partial<FactOptions> = {},
): PolicyFacts {
  const { report, problems } = buildReport(parts);
  if (report === undefined) throw new TypeError(problems.join('; '));
  return buildFacts(report, { now: sampleNow, ...options });
}

/** A policy of these rules, in YAML with an indent of two, and other parts of a document. */
export function samplePolicy(rules: string, rest = ''): Policy {
  const text = `schema: lazaret-policy/1\nname: sample\n${rest}\nrules:\n${rules}\n`;
  const { policy, faults = [] } = parsePolicy(text);
  if (policy === undefined) throw new TypeError(faults.map(formatFault).join('\n'));
  return policy;
}

/** Versions of numbers with dots, for deb packages only. */
export function compareSample(type: string, a: string, b: string): number | undefined {
  if (type !== 'deb') return undefined;
  return a.localeCompare(b, 'en', { numeric: true });
}

export function evaluateSample(
  policy: Policy,
  facts: PolicyFacts,
  rest: Partial<EvaluationInput> = {},
): PolicyResult {
  return evaluatePolicy(policy, { facts, compareVersions: compareSample, explain: true, ...rest });
}

/** The result of the only rule, or of one by its ID. */
export function ruleOf(result: PolicyResult, id?: string): RuleResult {
  const rule = id === undefined ? result.rules[0] : result.rules.find((one) => one.id === id);
  if (rule === undefined) throw new TypeError(`no rule ${id ?? ''}`);
  return rule;
}
