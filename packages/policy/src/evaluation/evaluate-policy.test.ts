import { describe, expect, test } from 'vitest';

import { policyLimits } from '../limits.ts';
import {
  compareSample,
  evaluateSample,
  ruleOf,
  sampleFacts,
  samplePolicy,
} from '../testing/sample.ts';

const malware = { class: 'malware', severity: 'critical', rule: 'Eicar', path: 'usr/bin/e' };
const isMalware = 'findings.exists(f, f.class == "malware")';
const gaps = [{ by: 'clamav', reason: 'too_large', path: 'var/big' }];

function rule(condition: string, rest = ''): string {
  return `  - id: a\n    condition: '${condition}'\n${rest}`;
}

describe('verdict', () => {
  test('an image that was fully examined and matches no rule passes', () => {
    const result = evaluateSample(samplePolicy(rule(isMalware)), sampleFacts());
    expect(result).toMatchObject({ verdict: 'pass', reasons: [], actions: [] });
  });

  test.each([
    ['fail', 'fail'],
    ['warn', 'warn'],
    ['none', 'pass'],
  ])('a matched rule with effect %s makes it %s', (effect, verdict) => {
    const policy = samplePolicy(rule('size(layers) == 0', `    effect: ${effect}\n`));
    expect(evaluateSample(policy, sampleFacts()).verdict).toBe(verdict);
  });

  test('an incomplete inspection is never passed, and no warning hides that', () => {
    const facts = sampleFacts({ coverage: { complete: false, gaps } });
    expect(evaluateSample(samplePolicy(rule('false')), facts).verdict).toBe('incomplete');
    const warning = samplePolicy(rule('true', '    effect: warn\n'));
    expect(evaluateSample(warning, facts).verdict).toBe('incomplete');
  });

  test('an image that no malware scanner saw is never passed', () => {
    const facts = sampleFacts({ coverage: { scanners: [] } });
    const result = evaluateSample(samplePolicy(rule('false')), facts);
    expect(result).toMatchObject({ verdict: 'incomplete', reasons: ['no malware scanner ran'] });
  });

  test('malware is never passed by a policy without a rule about it', () => {
    const facts = sampleFacts({ findings: [malware] });
    const result = evaluateSample(samplePolicy(rule('size(layers) > 100')), facts);
    expect(result.verdict).toBe('warn');
    expect(result.reasons[0]).toContain('malicious, and no rule matches it');
  });

  test('a rule that cannot be evaluated is an error and never passed', () => {
    const policy = samplePolicy(rule('1 / size(layers) > 1'));
    const result = evaluateSample(policy, sampleFacts());
    expect(result.verdict).toBe('incomplete');
    expect(ruleOf(result)).toMatchObject({ state: 'error', actions: [] });
    expect(ruleOf(result).reason).toContain('divide by zero');
  });

  test('a rule that needs the list of files is an error without it', () => {
    const policy = samplePolicy(
      '  - id: a\n    require: { file: { path: etc/x, exists: false } }\n',
    );
    expect(ruleOf(evaluateSample(policy, sampleFacts())).reason).toContain('without --files');
    expect(ruleOf(evaluateSample(policy, sampleFacts({ files: [] }))).state).toBe('passed');
  });

  test('a policy has a budget for all its rules together', () => {
    const policy = samplePolicy(rule('users.exists(a, users.exists(b, a.uid != b.uid && false))'));
    const users = Array.from({ length: 300 }, (_, uid) => ({ name: `u${uid}`, uid }));
    const result = evaluateSample(policy, sampleFacts({ users }), { steps: 1_000 });
    expect(ruleOf(result)).toMatchObject({ state: 'error' });
    expect(ruleOf(result).reason).toContain('more than 1,000 steps');
    expect(result.verdict).toBe('incomplete');
  });
});

describe('where a rule applies', () => {
  const policy = samplePolicy(
    rule(
      'true',
      "    appliesTo: { registries: ['*.example'], repositories: ['prod/**', '!prod/test/*'], tags: ['1.*'], labels: { team: 'a*' } }\n",
    ),
  );
  const labels = { team: 'alpha' };
  const facts = (context: object, config: object = { labels }) =>
    sampleFacts({ image: { config } }, { context });
  const context = { registry: 'r.example', repository: 'prod/web/app', tag: '1.2' };

  test('everywhere that all selectors match, the registry by its host or its name', () => {
    const named = { ...context, registry: 'r.test:5000', registryName: 'lab.example' };
    for (const one of [context, named]) {
      expect(ruleOf(evaluateSample(policy, facts(one))).state).toBe('matched');
    }
  });

  test.each([
    [{ ...context, registry: 'r.test' }, 'registry r.test is not selected'],
    [{ ...context, repository: 'prod/test/app' }, 'repository prod/test/app is not selected'],
    [{ ...context, tag: '2.0' }, 'tag 2.0 is not selected'],
    [{ ...context, registry: '' }, 'the image has no registry here'],
  ])('%j', (other, reason) => {
    expect(ruleOf(evaluateSample(policy, facts(other)))).toMatchObject({
      state: 'not-applicable',
      reason,
    });
  });

  test('not where a label is missing', () => {
    expect(ruleOf(evaluateSample(policy, facts(context, {})))).toMatchObject({
      state: 'not-applicable',
      reason: 'the image has no label team',
    });
  });
});

describe('explanations', () => {
  test('a match names its evidence, in the message too', () => {
    const message =
      '    message: "{{ size(evidence) }}: {{ evidence.map(f, f.path).join(\\", \\") }}"\n';
    const policy = samplePolicy(rule(isMalware, message));
    const findings = [
      malware,
      { ...malware, class: 'secret', path: 'x' },
      { ...malware, path: 'b' },
    ];
    const result = ruleOf(evaluateSample(policy, sampleFacts({ findings })));
    expect(result.message).toBe('2: usr/bin/e, b');
    expect(result.evidence).toMatchObject([
      { from: 'findings', total: 2, items: [{ path: 'usr/bin/e' }, { path: 'b' }] },
    ]);
  });

  test('evidence is cut to a limit, and its total number is given', () => {
    const findings = Array.from({ length: policyLimits.evidenceItems + 20 }, (_, index) => ({
      ...malware,
      path: `${'x'.repeat(100)}${index}`,
    }));
    const message = '    message: "{{ evidence.map(f, f.path).join(\\", \\") }}"\n';
    const policy = samplePolicy(rule(isMalware, message));
    const result = ruleOf(evaluateSample(policy, sampleFacts({ findings })));
    expect(result.evidence[0]).toMatchObject({ total: findings.length });
    expect(result.evidence[0]?.items).toHaveLength(policyLimits.evidenceItems);
    expect(result.message).toHaveLength(policyLimits.messageChars);
    expect(result.message).toMatch(/\.\.\.$/);
  });

  test('each condition has its value, and what it compares', () => {
    const policy = samplePolicy(
      rule('size(users) > 3 || !coverage.complete || 1 / size(users) > 1'),
    );
    expect(ruleOf(evaluateSample(policy, sampleFacts())).clauses).toEqual([
      { text: 'size(users) > 3', isOperand: false, value: false },
      { text: 'size(users)', isOperand: true, value: 0 },
      { text: '!coverage.complete', isOperand: false, value: false },
      { text: 'coverage.complete', isOperand: true, value: true },
      expect.objectContaining({ text: '1 / size(users) > 1', error: expect.any(String) }),
      expect.objectContaining({ text: '1 / size(users)', error: expect.any(String) }),
    ]);
  });

  test('`!all` has the elements that are not as they should be', () => {
    const policy = samplePolicy(rule('!scanners.all(s, s.healthy)'));
    const scanners = [{ scanner: 'clamav' }, { scanner: 'yara', healthy: false }];
    const facts = sampleFacts({ coverage: { scanners } });
    expect(ruleOf(evaluateSample(policy, facts)).evidence).toMatchObject([
      { from: 'scanners', total: 1, items: [{ scanner: 'yara' }] },
    ]);
  });
});

describe('invariants', () => {
  const state = (require: string, parts: object): string =>
    ruleOf(
      evaluateSample(
        samplePolicy(`  - id: a\n    require: ${require}\n`),
        sampleFacts({ files: [], ...parts }),
      ),
    ).state;
  const file = { path: 'etc/app.conf', type: 'file', mode: 0o644, uid: 0, gid: 0 };
  const openssl = { type: 'deb', name: 'openssl', version: '3.0.2' };

  test.each([
    ['{ file: { path: /etc/app.conf } }', { files: [file] }, 'passed'],
    ['{ file: { path: /etc/app.conf } }', {}, 'matched'],
    ['{ file: { path: etc/app.conf } }', { files: [{ ...file, hiddenBy: 1 }] }, 'matched'],
    ["{ file: { path: '**/*.conf', exists: false } }", { files: [file] }, 'matched'],
    ['{ file: { path: etc/app.conf, mode: "0644", uid: 0 } }', { files: [file] }, 'passed'],
    ['{ file: { path: etc/app.conf, mode: "0600" } }', { files: [file] }, 'matched'],
    ['{ package: { name: openssl, minVersion: 3.0.15 } }', { packages: [openssl] }, 'matched'],
    ['{ package: { name: openssl, minVersion: 3.0.2 } }', { packages: [openssl] }, 'passed'],
    ['{ package: { name: openssl, minVersion: 3.0.2 } }', {}, 'passed'],
    [
      '{ package: { name: openssl, type: apk, minVersion: 9.0.0 } }',
      { packages: [openssl] },
      'passed',
    ],
    ['{ package: { name: openssl, installed: true } }', {}, 'matched'],
    ["{ package: { name: 'open*', installed: false } }", { packages: [openssl] }, 'matched'],
    [
      '{ package: { name: openssl, installed: false } }',
      { packages: [{ ...openssl, state: 'removed' }] },
      'passed',
    ],
    ['{ users: { onlyRootHasUid0: true } }', { users: [{ name: 'root', uid: 0 }] }, 'passed'],
    ['{ users: { onlyRootHasUid0: true } }', { users: [{ name: 'x', uid: 0 }] }, 'matched'],
    [
      '{ users: { noEmptyPasswords: true } }',
      { users: [{ name: 'x', uid: 5, password: 'empty' }] },
      'matched',
    ],
    [
      '{ findings: { maxSeverity: medium } }',
      { findings: [{ rule: 'x', severity: 'high' }] },
      'matched',
    ],
    [
      '{ findings: { maxSeverity: medium } }',
      { findings: [{ rule: 'x', severity: 'medium' }] },
      'passed',
    ],
    ['{ findings: {} }', { findings: [{ rule: 'x', severity: 'info' }] }, 'matched'],
    ['{ findings: { classes: [secret] } }', { findings: [malware] }, 'passed'],
    [
      '{ findings: { maxSeverity: low, fixable: true } }',
      { findings: [{ class: 'vulnerability', severity: 'high', rule: 'CVE-1', evidence: {} }] },
      'passed',
    ],
    [
      '{ findings: { maxSeverity: low, fixable: true } }',
      {
        findings: [
          { class: 'vulnerability', severity: 'high', rule: 'C', evidence: { fixed: '2' } },
        ],
      },
      'matched',
    ],
  ])('%s of %j: %s', (require, parts, expected) => {
    expect(state(require, parts)).toBe(expected);
  });

  test('a version that cannot be compared is an error and not passed', () => {
    const packages = [{ type: 'generic', name: 'openssl', version: '3' }];
    expect(state('{ package: { name: openssl, minVersion: 9.0.0 } }', { packages })).toBe('error');
  });
});

describe('actions', () => {
  const all = 'actions: { quarantine: { enabled: true, dryRun: false, perHour: 2 } }';
  const quarantine = '    actions: [report, quarantine]\n';
  const decide = (condition: string, parts: object, rest: object = {}) => {
    const result = evaluateSample(
      samplePolicy(rule(condition, quarantine), all),
      sampleFacts(parts as Record<string, unknown>),
      rest,
    );
    return result.actions.find(({ action }) => action === 'quarantine');
  };

  test('malware is ground enough', () => {
    expect(decide(isMalware, { findings: [malware] })).toEqual({
      action: 'quarantine',
      state: 'apply',
      rules: ['a'],
    });
  });

  test('malware is ground enough although something else was not examined', () => {
    const parts = { findings: [malware], coverage: { complete: false, gaps } };
    expect(decide(isMalware, parts)?.state).toBe('apply');
    expect(decide(`!coverage.complete || ${isMalware}`, parts)?.state).toBe('apply');
  });

  test.each([
    ['!coverage.complete', { coverage: { complete: false, gaps } }, 'could not be examined'],
    ['verdict.state != "clean"', { coverage: { complete: false, gaps } }, 'could not be examined'],
    [
      'scanners.exists(s, !s.healthy)',
      { coverage: { complete: false, scanners: [{ scanner: 'clamav', healthy: false }] } },
      'could not be examined',
    ],
    [
      'findings.exists(f, f.class == "similar")',
      { findings: [{ class: 'similar', rule: 'x', path: 'y' }] },
      'it only matches by similarity',
    ],
    [
      'findings.size() > 0',
      { findings: [{ class: 'dual-use', severity: 'low', rule: 'software-reference/tool' }] },
      'it only matches a known tool of a software reference (NSRL)',
    ],
    [
      'findings.size() > 1',
      {
        findings: [
          { class: 'similar', rule: 'x', path: 'y' },
          { class: 'dual-use', rule: 'software-reference/tool' },
        ],
      },
      'it only matches by similarity',
    ],
    [
      'findings.size() > 0 && !coverage.complete',
      { findings: [malware], coverage: { complete: false, gaps } },
      'it only matches what could not be examined',
    ],
    [
      '!packages.exists(p, p.name == "ca-certificates")',
      { coverage: { complete: false, gaps } },
      'not everything could be examined, and the rule does not rest on a finding',
    ],
  ])('weak grounds: %s', (condition, parts, reason) => {
    const decision = decide(condition, parts);
    expect(decision?.state).toBe('withheld');
    expect(decision?.reason).toContain(reason);
  });

  test('weak findings besides malware do not weaken it', () => {
    const similar = { class: 'similar', rule: 'x', path: 'y' };
    expect(decide('findings.size() > 0', { findings: [malware, similar] })?.state).toBe('apply');
  });

  test('above the limit of an hour a person has to approve', () => {
    const recentActions = { quarantine: 2 };
    expect(decide(isMalware, { findings: [malware] }, { recentActions })).toMatchObject({
      state: 'withheld',
      reason: '2 in the last hour (limit 2); needs approval by a person',
    });
  });

  test('an image without a digest cannot be quarantined', () => {
    const parts = { findings: [malware], image: undefined, source: { kind: 'directory' } };
    expect(decide(isMalware, parts)?.reason).toBe('the image has no manifest digest');
  });

  test('nothing is taken that the policy does not enable, nor in a dry run', () => {
    const facts = sampleFacts({ findings: [malware] });
    const states = (text: string, more = ''): (string | undefined)[] =>
      evaluateSample(
        samplePolicy(rule(isMalware, `${quarantine}${more}`), text),
        facts,
      ).actions.map(({ state, reason }) => `${state}: ${reason ?? ''}`);
    expect(states('')).toEqual([
      'apply: ',
      'withheld: actions.quarantine.enabled is not true in this policy',
    ]);
    expect(states('actions: { quarantine: { enabled: true } }')[1]).toBe(
      'dry-run: actions.quarantine.dryRun is true',
    );
    expect(states(all, '    dryRun: true\n')).toEqual([
      'dry-run: the rule is a dry run',
      'dry-run: the rule is a dry run',
    ]);
  });

  test('one strong rule is enough, and only such rules are named', () => {
    const policy = samplePolicy(
      `${rule(isMalware, quarantine)}  - id: b\n    condition: 'findings.exists(f, f.class == "similar")'\n${quarantine}`,
      all,
    );
    const findings = [malware, { class: 'similar', rule: 'x', path: 'y' }];
    const { actions } = evaluateSample(policy, sampleFacts({ findings }));
    expect(actions).toEqual([
      { action: 'report', state: 'apply', rules: ['a', 'b'] },
      { action: 'quarantine', state: 'apply', rules: ['a'] },
    ]);
  });
});

test('the order of versions is that of the caller', () => {
  const policy = samplePolicy(rule('packages.exists(p, versionBelow(p, "2"))'));
  const facts = sampleFacts({ packages: [{ type: 'deb', name: 'a', version: '1' }] });
  expect(ruleOf(evaluateSample(policy, facts)).state).toBe('matched');
  const reversed = {
    compareVersions: (...args: Parameters<typeof compareSample>) => -(compareSample(...args) ?? 0),
  };
  expect(ruleOf(evaluateSample(policy, facts, reversed)).state).toBe('passed');
});
