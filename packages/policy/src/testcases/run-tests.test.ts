import { describe, expect, test } from 'vitest';

import { compareSample, samplePolicy } from '../testing/sample.ts';
import { buildReport } from './build-report.ts';
import { runTests, type TestResult } from './run-tests.ts';

const rules = `
  - id: malware
    condition: findings.exists(f, f.class == "malware")
    message: '{{ evidence[0].path }}'
    actions: [report, quarantine]
  - id: users
    condition: users.size() > 0`;

async function run(tests: string): Promise<TestResult> {
  const policy = samplePolicy(rules, `tests:\n  - name: t\n${tests}`);
  const [result] = await runTests(policy, policy.tests, {
    ...{ compareVersions: compareSample, exceptions: [] },
    readReport: (path) => Promise.reject(new Error(`${path}: no such file`)),
  });
  if (result === undefined) throw new TypeError('one test');
  return result;
}

const infected = '    facts: { findings: [{ class: malware, rule: x, path: a/b }] }\n';

test('a test whose expectations hold passes', async () => {
  const expected = `    expect:
      verdict: fail
      inspection: malicious
      matched: [malware]
      rules: { users: passed }
      message: { malware: a/b }
      actions: { report: apply, quarantine: withheld, delete: none }`;
  expect(await run(`${infected}${expected}`)).toMatchObject({
    ...{ passed: true, differences: [] },
    decided: {
      ...{ inspection: 'malicious', verdict: 'fail', reasons: ['malware: a/b'] },
      rules: [{ id: 'malware', state: 'matched', message: 'a/b' }],
      actions: [{ action: 'report', state: 'apply' }, { action: 'quarantine' }],
    },
  });
});

describe('each expectation can fail, and says what is expected, what is, and why', () => {
  test.each([
    ['{ verdict: pass }', 'verdict', 'pass', 'fail', 'malware: a/b'],
    ['{ verdict: fail, inspection: clean }', 'inspection', 'clean', 'malicious', undefined],
    ['{ matched: [users] }', 'matched', 'users', 'malware', undefined],
    ['{ matched: [] }', 'matched', 'none', 'malware', undefined],
    ['{ rules: { users: matched } }', 'rules.users', 'matched', 'passed', undefined],
    ['{ message: { malware: x } }', 'message.malware', 'text with "x"', '"a/b"', undefined],
    [
      '{ actions: { quarantine: apply } }',
      'actions.quarantine',
      'apply',
      'withheld',
      'actions.quarantine.enabled is not true in this policy',
    ],
    ['{ actions: { notify: apply } }', 'actions.notify', 'apply', 'none', undefined],
  ])('%s', async (expected, what, wanted, actual, reason) => {
    const result = await run(`${infected}    expect: ${expected}`);
    expect(result).toMatchObject({ passed: false, problems: [] });
    expect(result.differences).toEqual([
      { what, expected: wanted, actual, ...(reason !== undefined && { reason }) },
    ]);
  });
});

describe('a test that cannot run fails', () => {
  test.each([
    ['    report: x.json\n', 'x.json: no such file'],
    ['    facts: { findngs: [] }\n', 'facts.findngs: unknown field; did you mean "findings"?'],
    [
      '    facts: { findings: [{ sverity: high }] }\n',
      'facts.findings[0].sverity: unknown field; did you mean "severity"?',
    ],
    ['    facts: { findings: [{ severity: hihg }] }\n', 'facts.findings.0.severity'],
    ['    facts: { vulnerabilities: [] }\n', 'vulnerabilities follow from them'],
    ['    facts: { verdict: {} }\n', 'the verdict follows from the findings and the coverage'],
  ])('%s', async (facts, problem) => {
    const result = await run(`${facts}    expect: { matched: [] }`);
    expect(result.passed).toBe(false);
    expect(result.problems[0]).toContain(problem);
  });
});

test('the report of a test is that of a clean image, apart from its facts', () => {
  expect(buildReport({}).report).toMatchObject({
    coverage: { complete: true, scanners: [{ scanner: 'clamav', healthy: true }] },
    findings: [],
  });
  const { report } = buildReport({ packages: [{ type: 'deb', name: 'a', version: '1' }] });
  expect(report?.packages[0]).toMatchObject({ purl: 'pkg:deb/a@1', state: 'installed' });
});
