import { describe, expect, test } from 'vitest';

import { evaluateSample, ruleOf, sampleFacts, sampleNow, samplePolicy } from '../testing/sample.ts';
import { matchesPackage } from './match-package.ts';

const vulnerability = {
  ...{ class: 'vulnerability', severity: 'high', rule: 'DSA-1', path: 'var/lib/dpkg/status' },
  purl: 'pkg:deb/openssl@3.0.1',
  evidence: { cve: 'CVE-2024-1', aliases: ['GHSA-x'], installed: '3.0.1' },
};
const sha256 = 'a'.repeat(64);
const malware = { class: 'malware', severity: 'high', rule: 'Eicar', path: 'usr/bin/e', sha256 };

const rules = `
  - id: vulnerable
    condition: vulnerabilities.size() > 0
  - id: infected
    condition: verdict.state == "malicious"
`;

function evaluate(match: string, findings: object[], expires = '2027-02-01') {
  const exception = `{ reason: accepted, owner: alice, expires: ${expires}, match: { ${match} } }`;
  const policy = samplePolicy(rules, `exceptions:\n  - ${exception}`);
  const context = { registry: 'r.example', registryName: 'lab', repository: 'prod/app', tag: '1' };
  return evaluateSample(policy, sampleFacts({ findings }, { context }));
}

describe('what an exception accepts', () => {
  test.each([
    ['vulnerability: CVE-2024-1', 'excepted'],
    ['vulnerability: dsa-1', 'excepted'],
    ['vulnerability: GHSA-x', 'excepted'],
    ['vulnerability: CVE-2024-2', 'matched'],
    ['package: "pkg:deb/openssl"', 'excepted'],
    ['package: "pkg:deb/openssl@3.0.1"', 'excepted'],
    ['package: "pkg:deb/openssl@3.0.2"', 'matched'],
    ['package: "pkg:apk/openssl"', 'matched'],
    ['package: "pkg:deb/openssl", vulnerability: CVE-2024-2', 'matched'],
    ['finding: "vulnerabilities:DSA-1@pkg:deb/openssl@3.0.1"', 'excepted'],
    ['signature: "DSA-*"', 'excepted'],
    ["path: '**/status'", 'excepted'],
    ['rule: vulnerable', 'excepted'],
    ['rule: infected', 'matched'],
    ['rule: infected, vulnerability: CVE-2024-1', 'matched'],
    ['vulnerability: CVE-2024-1, image: "prod/*"', 'excepted'],
    ['vulnerability: CVE-2024-1, image: "r.example/prod/app:1"', 'excepted'],
    ['vulnerability: CVE-2024-1, image: "lab/prod/app:*"', 'excepted'],
    ['vulnerability: CVE-2024-1, image: "test/*"', 'matched'],
    [`vulnerability: CVE-2024-1, image: "sha256:${'1'.repeat(64)}"`, 'excepted'],
    [`vulnerability: CVE-2024-1, image: "sha256:${'2'.repeat(64)}"`, 'matched'],
  ])('%s: %s', (match, state) => {
    expect(ruleOf(evaluate(match, [vulnerability]), 'vulnerable').state).toBe(state);
  });

  test('a finding that is accepted does not count in the verdict either', () => {
    const result = evaluate(`finding: "clamav:Eicar@sha256:${sha256}"`, [malware]);
    expect(ruleOf(result, 'infected').state).toBe('excepted');
    expect(result.verdict).toBe('pass');
  });

  test('an exception of a rule about something else does not hide malware', () => {
    const result = evaluate('vulnerability: CVE-2024-1', [vulnerability, malware]);
    expect(ruleOf(result, 'vulnerable').state).toBe('excepted');
    expect(result.verdict).toBe('fail');
    const policy = samplePolicy(
      '  - { id: vulnerable, condition: vulnerabilities.size() > 0 }',
      'exceptions:\n  - { reason: r, owner: o, expires: 2028-01-01, match: { vulnerability: CVE-2024-1 } }',
    );
    const facts = sampleFacts({ findings: [vulnerability, malware] });
    expect(evaluateSample(policy, facts).verdict).toBe('warn');
  });

  test('other content at the same path is not accepted', () => {
    const other = { ...malware, sha256: 'b'.repeat(64) };
    const result = evaluate(`finding: "clamav:Eicar@sha256:${sha256}"`, [other]);
    expect(ruleOf(result, 'infected').state).toBe('matched');
  });

  test('one accepted finding does not cover another', () => {
    const other = { ...vulnerability, rule: 'DSA-2', evidence: { cve: 'CVE-2024-2' } };
    const rule = ruleOf(
      evaluate('vulnerability: CVE-2024-1', [vulnerability, other]),
      'vulnerable',
    );
    expect(rule.state).toBe('matched');
    expect(rule.exceptions).toMatchObject([{ id: 'exception-1', owner: 'alice', items: 1 }]);
  });

  test('the result names reason, owner and expiry', () => {
    const rule = ruleOf(evaluate('vulnerability: CVE-2024-1', [vulnerability]), 'vulnerable');
    expect(rule).toMatchObject({ reason: 'exceptions cover all that it matches', actions: [] });
    expect(rule.exceptions).toEqual([
      {
        ...{ id: 'exception-1', owner: 'alice', reason: 'accepted', source: 'policy', items: 1 },
        expires: '2027-02-01T23:59:59.999Z',
      },
    ]);
  });

  test('an exception never makes a rule match', () => {
    const policy = samplePolicy(
      '  - id: a\n    condition: findings.size() == 0',
      'exceptions:\n  - { reason: r, owner: o, expires: 2028-01-01, match: { signature: "*" } }',
    );
    const result = evaluateSample(policy, sampleFacts({ findings: [vulnerability] }));
    expect(ruleOf(result).state).toBe('passed');
  });
});

test('an exception that accepts nothing is listed', () => {
  const result = evaluate('vulnerability: CVE-2024-9', [vulnerability]);
  expect(result.unused).toMatchObject([{ id: 'exception-1', reason: 'accepted' }]);
  expect(evaluate('vulnerability: CVE-2024-1', [vulnerability]).unused).toEqual([]);
});

describe('expiry', () => {
  test('an expired exception does not apply, and is listed', () => {
    const result = evaluate('vulnerability: CVE-2024-1', [vulnerability], '2026-12-31');
    expect(ruleOf(result, 'vulnerable').state).toBe('matched');
    expect(result.expired).toMatchObject([{ id: 'exception-1', owner: 'alice' }]);
    expect(result.unused).toEqual([]);
  });

  test('a date lasts until its end', () => {
    const result = evaluate('vulnerability: CVE-2024-1', [vulnerability], sampleNow.slice(0, 10));
    expect(ruleOf(result, 'vulnerable').state).toBe('excepted');
  });
});

test('packages and files can be accepted for rules about them', () => {
  const policy = samplePolicy(
    `  - id: old
    require: { package: { name: openssl, minVersion: '9' } }
  - id: setuid
    condition: special.exists(f, true)
  - id: keys
    require: { file: { path: '**/id_rsa', exists: false } }`,
    `exceptions:
  - { reason: r, owner: o, expires: 2028-01-01, match: { package: 'pkg:deb/openssl@3' } }
  - { reason: r, owner: o, expires: 2028-01-01, match: { path: /usr/bin/su } }
  - { reason: r, owner: o, expires: 2028-01-01, match: { path: test/id_rsa, rule: keys } }`,
  );
  const states = (version: string, path: string): string[] =>
    evaluateSample(
      policy,
      sampleFacts({
        packages: [{ type: 'deb', name: 'openssl', version }],
        special: [{ path: 'usr/bin/su', reasons: ['setuid'] }],
        files: [{ path }],
      }),
    ).rules.map(({ state }) => state);
  expect(states('3', 'test/id_rsa')).toEqual(['excepted', 'excepted', 'excepted']);
  expect(states('4', 'root/id_rsa')).toEqual(['matched', 'excepted', 'matched']);
});

test.each([
  ['pkg:deb/debian/openssl', 'pkg:deb/debian/openssl@1', true],
  ['pkg:deb/debian/openssl', 'pkg:deb/openssl@1', false],
  ['pkg:deb/debian/openssl', 'pkg:deb/ubuntu/openssl@1', false],
  ['pkg:deb/openssl', 'pkg:deb/debian/openssl@1?arch=amd64&distro=debian-12', true],
  ['pkg:npm/a', 'pkg:npm/%40scope/a@1.0.0', false],
  ['pkg:npm/%40scope/a@1.0.0', 'pkg:npm/%40scope/a@1.0.0', true],
  ['pkg:deb/a@1?distro=debian-12', 'pkg:deb/a@1', true],
  ['pkg:deb/a@1?arch=amd64', 'pkg:deb/a@1?arch=arm64', false],
  ['not a purl', 'pkg:deb/a', false],
])('purl %s names the package %s: %s', (wanted, purl, expected) => {
  expect(matchesPackage(wanted, purl)).toBe(expected);
});
