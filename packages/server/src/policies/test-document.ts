/** Runs the test cases of a policy document for the API. */
import { setImmediate } from 'node:timers/promises';

import type { PolicyTestResult, PolicyTestRun } from '@lazaret/protocol';
import { compareVersions } from '@lazaret/analysis';
import { runTests, type TestResult } from '@lazaret/policy';

import { requireDocument } from './check-document.ts';
import { judgingLimits } from './limits.ts';

/** Throws invalid_request if the document has a fault. */
export async function testDocument(document: string, signal: AbortSignal): Promise<PolicyTestRun> {
  const policy = requireDocument(document);
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(judgingLimits.testRunMs)]);
  const tests: PolicyTestResult[] = [];
  for (const one of policy.tests) {
    if (deadline.aborted) {
      tests.push(notRun(one.name));
      continue;
    }
    const options = { compareVersions, exceptions: [], readReport: refuseReport };
    const results = await runTests(policy, [one], options);
    tests.push(...results.map(toResult));
    // other requests are answered between two test cases
    await setImmediate();
  }
  const passed = tests.filter((one) => one.passed).length;
  return { name: policy.name, passed, failed: tests.length - passed, tests };
}

function refuseReport(path: string): Promise<never> {
  const message =
    `the server reads no report files such as ${path}: give "facts", ` +
    'or run `lazaret policy test`';
  return Promise.reject(new Error(message));
}

function notRun(name: string): PolicyTestResult {
  const seconds = judgingLimits.testRunMs / 1_000;
  const problem = `not run: the test cases before it took longer than ${seconds} seconds`;
  return { name, passed: false, problems: [problem], differences: [], decided: null };
}

function toResult({ name, passed, problems, differences, decided }: TestResult): PolicyTestResult {
  return {
    ...{ name, passed, problems: [...problems] },
    differences: differences.map(({ reason = null, ...one }) => ({ ...one, reason })),
    decided:
      decided === undefined
        ? null
        : {
            ...{ inspection: decided.inspection, verdict: decided.verdict },
            reasons: [...decided.reasons],
            rules: decided.rules.map(({ id, state, message = null, reason = null }) => ({
              ...{ id, state, message, reason },
            })),
            actions: decided.actions.map(({ action, state, reason = null }) => ({
              ...{ action, state, reason },
            })),
          },
  };
}
