import { describe, expect, test } from 'vitest';

import { policyLimits } from '../limits.ts';
import { compileExpression } from './compile-expression.ts';

/** `offset: message` of each fault. */
function faultsOf(text: string): string[] {
  const { faults = [] } = compileExpression(text, { expected: [{ kind: 'bool' }] });
  return faults.map(({ offset, message }) => `${offset}: ${message}`);
}

describe('names that do not exist', () => {
  test.each([
    ['findngs.size() > 0', '0: unknown variable "findngs"; did you mean "findings"?'],
    [
      'findings.exists(f, f.severty == "high")',
      '21: finding has no field "severty"; did you mean "severity"?',
    ],
    ['image.config.usr == ""', '13: image.config has no field "usr"; did you mean "user"?'],
    ['findings.exits(f, true)', '8: unknown method "exits"; did you mean "exists"?'],
    ['findings.exists(f, f.path.startWith("a"))', 'did you mean "startsWith"?'],
    ['signatures.exists(s, true)', '0: there is no variable "signatures": inspections do not'],
    ['registry == "a"', '0: there is no variable "registry": write context.registry'],
  ])('%s', (text, message) => {
    expect(faultsOf(text)[0]).toContain(message);
  });
});

describe('values that can never be equal', () => {
  test.each([
    [
      'findings.exists(f, f.severity == "hihg")',
      '"hihg" is not a possible value; did you mean "high"?',
    ],
    ['findings.exists(f, "hihg" != f.severity)', '"hihg" is not a possible value'],
    ['findings.exists(f, f.class in ["malware", "known-bd"])', 'did you mean "known-bad"?'],
    ['findings.exists(f, f.severity.atLeast("severe"))', '"severe" is not a severity'],
    ['findings.exists(f, f.path == 1)', 'string == int is never comparable'],
    ['findings.exists(f, f.path == null)', 'test with has(x.field)'],
    ['image.names.exists(n, n in [1, 2])', 'a list(int) never contains a string'],
  ])('%s', (text, message) => {
    expect(faultsOf(text)[0]).toContain(message);
  });
});

describe('comparisons that do not mean what they seem to', () => {
  test.each([
    ['findings.exists(f, f.severity > "high")', 'severity.atLeast("high")'],
    ['packages.exists(p, p.version < "3.0")', 'versionBelow(package, "1.2.3")'],
    ['"3.0" > packages[0].version', 'versionBelow(package, "1.2.3")'],
    ['files.exists(f, f.mode == 0755)', '26: CEL has no octal numbers; write octal("0755")'],
    ['now - now > duration("90d")', '"90d" is not a duration'],
    ['findings.exists(f, f.path.matches("("))', 'missing closing )'],
    ['now > timestamp("soon")', '"soon" is not a time'],
    ['image == image', 'records cannot be compared'],
    ['findings == findings.filter(f, true)', 'records cannot be compared'],
    ['[findings] == [[]]', 'records cannot be compared'],
    ['findings in [findings]', 'records cannot be compared'],
    ['findings[0] in findings', 'records cannot be compared'],
  ])('%s', (text, message) => {
    expect(faultsOf(text)[0]).toContain(message);
  });
});

describe('fields that may be absent', () => {
  test('a number or time has to be guarded, since 0 and 1970 are answers of their own', () => {
    expect(faultsOf('findings.exists(f, f.line > 3)')).toEqual([
      '21: "f.line" can be absent, and has no empty value; guard it: has(f.line) && ...',
    ]);
    expect(faultsOf('now - image.config.created > duration("1h")')).toHaveLength(1);
  });

  test('a guard of the same field is accepted, one of another is not', () => {
    expect(faultsOf('findings.exists(f, has(f.line) && f.line > 3)')).toEqual([]);
    expect(faultsOf('findings.exists(f, has(f.offset) && f.line > 3)')).toHaveLength(1);
  });

  test('text, lists, records and switches need no guard', () => {
    const text =
      'image.config.user == "" || image.config.env.size() > 0 || image.platform.os == "linux"';
    expect(faultsOf(text)).toEqual([]);
  });
});

describe('syntax that people get wrong', () => {
  test.each([
    ['', '0: the expression is empty'],
    ['a = b', '2: unexpected "="; write =='],
    ['true & false', '5: unexpected "&"; write &&'],
    ['true and false', '5: not valid CEL: unexpected "and"; write &&'],
    ['findings.exists(f, (f.path == "x")', '15: missing ) for this ('],
    ['size(findings]) > 1', '13: unexpected ]; expected ) first'],
    ['image.config.user == "root', '21: missing closing "'],
    ['{"a": 1}.size() > 0', '0: maps and messages cannot be written in a policy'],
    ['findings.exists(1, true)', 'exists is written list.exists(x, condition on x)'],
    ['findings', '0: the result is of type list(finding); expected bool'],
    ['size(findings) && true', '&& takes conditions; "size(findings)" is of type int'],
    ['findings.exists(findings, true)', '"findings" is a variable; choose another name'],
    ['image.config.exists(c, true)', 'expected a list or map, got image.config'],
  ])('%s', (text, message) => {
    expect(faultsOf(text)[0]).toContain(message);
  });

  test('brackets and operators inside texts and comments are not syntax', () => {
    expect(faultsOf('image.names.exists(n, n == "a = (b & [") // = ( [')).toEqual([]);
    expect(faultsOf(String.raw`image.names.exists(n, n == "\"(")`)).toEqual([]);
    expect(faultsOf(String.raw`image.names.exists(n, n.matches(r"\("))`)).toEqual([]);
  });
});

describe('limits', () => {
  test('a long expression is refused', () => {
    const text = `true ${'&& true '.repeat(1_000)}`;
    expect(faultsOf(text)).toEqual([
      `0: the expression has ${text.length} characters (limit ${policyLimits.expressionChars})`,
    ]);
  });

  test('deep nesting is refused before the parser runs out of stack', () => {
    const text = `${'('.repeat(2_000)}true${')'.repeat(2_000)}`;
    expect(faultsOf(text)[0]).toContain(`nested deeper than ${policyLimits.expressionDepth}`);
  });

  test('deeply nested loops are refused', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const text = names.reduceRight((inner, name) => `files.all(${name}, ${inner})`, 'true');
    expect(faultsOf(text)[0]).toContain(`more than ${policyLimits.loopDepth} nested loops`);
  });
});

test('all variables, macros and operators of CEL have types', () => {
  const texts = [
    'coverage.gaps.exists(g, g.reason == "too_large" && has(g.layer) && g.layer == 0)',
    'scanners.all(s, s.healthy) ? findings.size() > 3 : false',
    'has(image.config.labels.team) && image.config.labels.team in ["a", "b"]',
    '"x" in image.config.labels',
    'image.config.labels["x"] != ""',
    'vulnerabilities.exists(v, has(v.score) && v.score >= 7)',
    'findings.exists(f, f.evidence.score > 7.0)',
    'users.filter(u, u.uid == 0).map(u, u.name).join(",") == "root"',
    'users.exists_one(u, u.uid == 0)',
    'now.getDayOfWeek() in [0, 6] && now - duration("1h") < now',
    'size(findings) * 2 + 1 - 3 / 4 % 5 >= -1',
    'special.exists(f, "setuid" in f.reasons && f.mode == octal("4755"))',
    'packages.exists(p, p.name.glob("lib*") && versionAtLeast(p, "2"))',
    'image.names.map(n, n.size() > 3, n.lowerAscii().split("/")[0]).exists(n, n == "a")',
    'string(now) == "2027" || int("3") == 3 || double(3) == 3.0',
  ];
  expect(texts.flatMap(faultsOf)).toEqual([]);
});
