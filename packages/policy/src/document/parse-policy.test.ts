import { describe, expect, test } from 'vitest';

import { policyLimits } from '../limits.ts';
import { parsePolicy, parseTests } from './parse-policy.ts';
import { formatFault } from './policy-fault.ts';

function faultsOf(text: string): string[] {
  return (parsePolicy(text).faults ?? []).map(formatFault);
}

const head = 'schema: lazaret-policy/1\nname: sample\n';
const rule = 'rules:\n  - { id: a, condition: "true" }\n';

describe('a document with faults is refused with line, column and what was expected', () => {
  test.each([
    [
      `${head}rulez: []\n${rule}`,
      'line 3, column 1: rulez: unknown field "rulez"; did you mean "rules"?',
    ],
    [
      `${head}rules:\n  - id: a\n    severty: high\n    condition: "true"\n`,
      'line 5, column 5: rules[0].severty: unknown field "severty"; did you mean "severity"?',
    ],
    [
      `${head}rules:\n  - id: a\n    severity: hihg\n    condition: "true"\n`,
      'line 5, column 15: rules[0].severity: expected one of critical, high, medium, low, info, ' +
        'received "hihg"; did you mean "high"?',
    ],
    [
      `${head}rules:\n  - id: a\n`,
      'line 4, column 5: rules[0]: expected either "condition" or "require"',
    ],
    [
      `${head}rules:\n  - id: a\n    condition: 3\n`,
      'line 5, column 16: rules[0].condition: expected string, received number; put it in quotes',
    ],
    [`name: sample\n${rule}`, 'line 1, column 1: schema: missing; expected "lazaret-policy/1"'],
    [
      `schema: lazaret-policy/2\nname: a\n${rule}`,
      'line 1, column 9: schema: expected "lazaret-policy/1"',
    ],
    [`${head}rules: []\n`, 'line 3, column 1: rules: expected at least 1 item, received 0'],
    [`${head}rules: x\n`, 'line 3, column 8: rules: expected array, received string'],
    ['- a\n', 'line 1, column 1: expected object, received array'],
    ['', 'expected one YAML document, got 0'],
    ['a: 1\n---\nb: 2\n', 'expected one YAML document, got 2'],
    ['a: [1\n', 'line 2, column 1: not valid YAML'],
    ['a: 1\na: 2\n', 'line 2, column 1: the field "a" is given twice'],
    ['a: &x 1\nb: *x\n', 'line 1, column 7: anchors are not supported; write the value out'],
    ['a: !!js/function x\n', 'line 1, column 4: not valid YAML: Unresolved tag'],
    ['__proto__: {}\n', 'unknown field "__proto__"'],
    [`a: "\\0"\n`, 'line 1, column 4: expected text without NUL'],
  ])('%j', (text, message) => {
    expect(faultsOf(text)[0]).toContain(message);
  });

  test.each([
    ['literal', 'condition: |\n      findings.exists(f,\n        f.severty == "high")', 6 + 1, 11],
    [
      'folded',
      'condition: >-\n      true &&\n      findings.exists(f, f.severty == "high")',
      7,
      28,
    ],
    ['plain', 'condition: findings.exists(f, f.severty == "high")', 5, 37],
    ['single quoted', `condition: 'findings.exists(f, f.severty == "high")'`, 5, 38],
    ['double quoted', 'condition: "findings.exists(f, f.severty == \\"high\\")"', 5, 38],
    [
      'plain over two lines',
      'condition: true &&\n      findings.exists(f, f.severty == "high")',
      6,
      28,
    ],
  ])('a fault inside a %s text points at the word', (_, condition, line, column) => {
    const text = `${head}rules:\n  - id: a\n    ${condition}\n`;
    expect(faultsOf(text)).toEqual([
      `line ${line}, column ${column}: rules[0].condition: finding has no field "severty"; did you mean "severity"?`,
    ]);
  });

  test('every fault of a document is listed, misspelled fields first', () => {
    const text = `${head}rules:\n  - id: A\n    condition: "true"\n    efect: none\n`;
    expect(faultsOf(text)).toEqual([
      'line 6, column 5: rules[0].efect: unknown field "efect"; did you mean "effect"?',
      'line 4, column 9: rules[0].id: expected lower-case letters, digits and dashes, received "A"',
    ]);
  });

  test('facts that do not exist yet are refused with the reason', () => {
    const require = 'require: { signature: { by: alice } }';
    expect(faultsOf(`${head}rules:\n  - id: a\n    ${require}\n`)[0]).toContain(
      'unknown field "signature": inspections do not verify signatures of images yet',
    );
    const condition = 'condition: signatures.exists(s, true)';
    expect(faultsOf(`${head}rules:\n  - id: a\n    ${condition}\n`)[0]).toContain(
      'there is no variable "signatures": inspections do not verify signatures of images yet',
    );
  });
});

describe('references inside a document', () => {
  test('two rules cannot have the same ID', () => {
    const text = `${head}${rule}  - { id: a, condition: "true" }\n`;
    expect(faultsOf(text)).toEqual(['line 5, column 11: rules[1].id: two rules have the ID "a"']);
  });

  test('exceptions and tests name rules that exist', () => {
    const text =
      `${head}rules:\n  - { id: malware, condition: "true" }\n` +
      'exceptions:\n  - { reason: r, owner: o, expires: 2027-01-01, match: { rule: malwar } }\n' +
      'tests:\n  - name: t\n    expect: { matched: [x], rules: { malwre: passed } }\n';
    expect(faultsOf(text)).toEqual([
      'line 6, column 64: exceptions[0].match.rule: unknown rule "malwar"; did you mean "malware"?',
      'line 9, column 25: tests[0].expect.matched[0]: unknown rule "x"; expected one of malware',
      'line 9, column 46: tests[0].expect.rules.malwre: unknown rule "malwre"; did you mean "malware"?',
    ]);
  });

  test('tests in a file of their own name rules of the policy', () => {
    const { policy } = parsePolicy(`${head}${rule}`);
    if (policy === undefined) throw new TypeError('valid');
    const text = 'tests:\n  - { name: t, expect: { matched: [b] } }\n';
    expect(parseTests(text, policy).faults?.map(formatFault)).toEqual([
      'line 2, column 36: tests[0].expect.matched[0]: unknown rule "b"; did you mean "a"?',
    ]);
  });
});

describe('exceptions', () => {
  const exception = (fields: string): string => `${head}${rule}exceptions:\n  - { ${fields} }\n`;

  test.each([
    [
      'owner: o, expires: 2027-01-01, match: { rule: a }',
      'exceptions[0].reason: missing; expected string',
    ],
    ['reason: r, expires: 2027-01-01, match: { rule: a }', 'exceptions[0].owner: missing'],
    ['reason: r, owner: o, match: { rule: a }', 'exceptions[0].expires: missing; expected a date'],
    ['reason: r, owner: o, expires: never, match: { rule: a }', 'received "never"'],
    ['reason: r, owner: o, expires: 2027-02-30, match: { rule: a }', 'expected a date'],
    ['reason: r, owner: o, expires: 2027-01-01, match: { image: x }', 'expected a finding, rule'],
    [
      'reason: " ", owner: o, expires: 2027-01-01, match: { rule: a }',
      'expected at least 1 character',
    ],
    ['reason: r, owner: o, expires: 2027-01-01, match: { package: openssl }', 'expected a purl'],
  ])('%s', (fields, message) => {
    expect(faultsOf(exception(fields))[0]).toContain(message);
  });
});

describe('messages', () => {
  const withMessage = (condition: string, message: string): string =>
    `${head}rules:\n  - id: a\n    condition: ${condition}\n    message: '${message}'\n`;

  test.each([
    [
      'findings.exists(f, true)',
      '{{ evidence[0].pth }}',
      'finding has no field "pth"; did you mean',
    ],
    [
      'findings.size() > 0',
      '{{ evidence[0] }}',
      'there is no evidence: the condition has no exists',
    ],
    ['findings.exists(f, true)', '{{ evidence }}', 'the result is of type list(finding); expected'],
    ['findings.exists(f, true)', '{{ evidence[0].path', 'missing }} for this {{'],
    ['!findings.exists(f, true)', '{{ size(evidence) }}', 'there is no evidence'],
  ])('%s: %s', (condition, message, expected) => {
    expect(faultsOf(withMessage(`"${condition}"`, message))[0]).toContain(expected);
  });
});

describe('limits', () => {
  test('a document that is too large is refused before it is parsed', () => {
    const text = `# ${'x'.repeat(policyLimits.documentBytes)}`;
    expect(faultsOf(text)[0]).toContain(`(limit ${policyLimits.documentBytes})`);
  });

  test('too many rules are refused', () => {
    const rules = Array.from({ length: policyLimits.rules + 1 }, (_, index) => index);
    const text = `${head}rules:\n${rules.map((id) => `  - { id: r${id}, condition: "true" }\n`).join('')}`;
    expect(faultsOf(text)[0]).toContain(`rules: expected at most ${policyLimits.rules} items`);
  });

  test('too many expressions in a message are refused', () => {
    const message = '{{ 1 }}'.repeat(policyLimits.expressionsPerMessage + 1);
    const text = `${head}rules:\n  - { id: a, condition: "true", message: '${message}' }\n`;
    expect(faultsOf(text)[0]).toContain(
      `at most ${policyLimits.expressionsPerMessage} expressions`,
    );
  });

  test('a long condition is refused', () => {
    const condition = 'true' + ' && true'.repeat(policyLimits.expressionChars);
    const text = `${head}rules:\n  - { id: a, condition: "${condition}" }\n`;
    expect(faultsOf(text)[0]).toContain(`at most ${policyLimits.expressionChars} characters`);
  });

  test('nesting deeper than the stack is refused', () => {
    expect(faultsOf(`a: ${'['.repeat(100_000)}`)[0]).toMatch(/nested too deeply|not valid YAML/);
    expect(faultsOf(`${'- '.repeat(20_000)}a`)[0]).toMatch(
      /nested too deeply|not valid YAML|fields/,
    );
  });

  test('at most a number of faults is listed', () => {
    const keys = Array.from({ length: 500 }, (_, index) => `x${index}: 1\n`).join('');
    expect(faultsOf(`${head}${rule}${keys}`)).toHaveLength(policyLimits.faultsListed);
  });

  test('thousands of unknown rules are refused at once', { timeout: 15_000 }, () => {
    const long = 'n'.repeat(60);
    const names = Array.from({ length: 15 }, (_, index) => `x${index}${long}`).join(', ');
    const tests = `  - { name: t, expect: { matched: [${names}] } }\n`.repeat(300);
    const rules = Array.from(
      { length: 100 },
      (_, index) => `  - { id: r${index}${long.slice(20)}, condition: "true", message: m }\n`,
    );
    const faults = faultsOf(`${head}rules:\n${rules.join('')}tests:\n${tests}`);
    expect(faults).toHaveLength(policyLimits.faultsListed);
    expect(faults[0]).toContain('unknown rule');
  });

  test('a map of more fields than any document needs is refused at once', () => {
    const keys = Array.from({ length: 20_000 }, (_, index) => `x${index}: 1\n`).join('');
    expect(faultsOf(`${head}${rule}${keys}`)).toEqual([expect.stringContaining('limit 2000')]);
  });
});

test('what is allowed but probably not meant is a warning', () => {
  const text =
    `${head}actions: { block: { enabled: true } }\nrules:\n` +
    '  - { id: a, condition: "true", actions: [quarantine] }\n' +
    'exceptions:\n  - { reason: r, owner: o, expires: 2027-01-01, match: { rule: a } }\n';
  const { policy } = parsePolicy(text);
  expect(policy?.warnings.map(formatFault)).toEqual([
    'line 5, column 33: rules[0].actions: "quarantine" is never taken: actions.quarantine.enabled is not true',
    'line 3, column 12: actions.block: no rule has the action "block"',
    'line 7, column 49: exceptions[0].match: the rule never matches until this expires',
  ]);
});

test('what takes an image away is off, and a dry run once it is on', () => {
  const { policy } = parsePolicy(`${head}actions: { delete: { enabled: true } }\n${rule}`);
  expect(policy?.actions).toMatchObject({
    report: { dryRun: false },
    block: { enabled: false, dryRun: true },
    quarantine: { enabled: false, dryRun: true, perHour: 10 },
    delete: { enabled: true, dryRun: true },
  });
});

test('faults of fields, of the syntax and of the types of conditions are shown at once', () => {
  const text = `${head}priorty: 1
rules:
  - id: a
    severity: hihg
    condition: findings.exists(
  - id: a
    condition: coverage.complete + 1
  - id: c
    condition: "true"
    message: "{{ nothing }}"
`;
  const faults = faultsOf(text);
  expect(faults.map((fault) => fault.replace(/^(line \d+).*?: ([^:]*): .*$/s, '$1 $2'))).toEqual([
    'line 3 priorty',
    'line 6 rules[0].severity',
    'line 7 rules[0].condition',
    'line 8 rules[1].id',
    'line 9 rules[1].condition',
    'line 12 rules[2].message',
  ]);
});
