import { describe, expect, test } from 'vitest';

import { compareSample, sampleFacts } from '../testing/sample.ts';
import { compileExpression, FactBindings } from './compile-expression.ts';
import { dyn } from './value-type.ts';
import { Meter } from './meter.ts';

function evaluate(text: string, parts: Readonly<Record<string, unknown>> = {}) {
  return evaluateOn(text, new FactBindings(sampleFacts(parts)), 100_000);
}

function evaluateOn(text: string, facts: FactBindings, steps: number) {
  const { expression, faults } = compileExpression(text, { expected: [dyn] });
  if (expression === undefined) throw new TypeError(JSON.stringify(faults));
  const meter = new Meter(steps);
  return expression.evaluate(facts, { meter, compareVersions: compareSample });
}

describe('values', () => {
  test.each([
    ['1 + 2 * 3', 7],
    ['"a" + "b"', 'ab'],
    ['octal("4755")', 0o4755],
    ['"a/b/c.so".glob("**/*.so")', true],
    ['"c.so".glob("**/*.so")', true],
    ['"xc.so".glob("**/c.so")', false],
    ['"a/b".glob("*")', false],
    ['"a.b".glob("a?b")', true],
    ['"critical".atLeast("high")', true],
    ['"low".atLeast("high")', false],
    ['["b", "a"].map(x, x + "!").join(" ")', 'b! a!'],
    ['[3, 1].filter(x, x > 2)', [3]],
    ['"a-b".split("-")', ['a', 'b']],
    ['"aaa".replace("a", "bc")', 'bcbcbc'],
    ['duration("90m").getHours()', 1],
    ['[1, 2] == [1, 2]', true],
    ['2 in [1, 2]', true],
    ['[1] + [2]', [1, 2]],
  ])('%s', (text, value) => {
    expect(evaluate(text)).toEqual({ value });
  });

  test('a time from a number counts seconds, as the number of a time does', () => {
    expect(evaluate('int(timestamp(1700000000))')).toEqual({ value: 1_700_000_000 });
    expect(evaluate('string(timestamp(1700000000))')).toEqual({ value: '2023-11-14T22:13:20Z' });
  });

  test('parts of a time are in UTC', () => {
    const text =
      'timestamp("2026-03-29T02:30:00Z").getHours() + timestamp("2026-03-29T02:30:00Z").getDate()';
    expect(evaluate(text)).toEqual({ value: 31 });
  });

  test('versions are compared in the order of the ecosystem', () => {
    const packages = [{ type: 'deb', name: 'a', version: '3.0.10' }];
    expect(evaluate('versionBelow(packages[0], "3.0.9")', { packages })).toEqual({ value: false });
    expect(evaluate('versionAtLeast(packages[0], "3.0.9")', { packages })).toEqual({ value: true });
  });

  test('versions without an order are an error and not false', () => {
    const packages = [{ type: 'conda', name: 'a', version: '3' }];
    const { error } = evaluate('versionBelow(packages[0], "3.0.9")', { packages });
    expect(error).toContain('versions "3" and "3.0.9" of conda packages have no order');
  });
});

describe('absent fields', () => {
  const parts = { findings: [{ rule: 'x', line: 0 }] };

  test('absent text reads as empty, and has() is false', () => {
    expect(evaluate('findings[0].path == "" && !has(findings[0].path)', parts)).toEqual({
      value: true,
    });
  });

  test('a number that is 0 is there', () => {
    expect(evaluate('has(findings[0].line) && findings[0].line == 0', parts)).toEqual({
      value: true,
    });
    expect(evaluate('has(findings[0].offset)', parts)).toEqual({ value: false });
  });

  test('an absent record has empty fields, and has() is false', () => {
    expect(evaluate('has(distribution.id) || has(image.resolved)')).toEqual({ value: false });
    expect(evaluate('has(image.config)')).toEqual({ value: true });
  });

  test('a guard that comes too late is an error and not false', () => {
    const { error } = evaluate('findings[0].offset > 3 || has(findings[0].offset)', parts);
    expect(error).toContain('offset');
  });
});

describe('errors', () => {
  test('name the part of the expression', () => {
    const { error } = evaluate('findings.size() > 3 || 1 / findings.size() > 1');
    expect(error).toBe('int divide by zero in "1 / findings.size()"');
  });

  test('an error in a loop is not false', () => {
    const parts = { findings: [{ rule: 'x' }] };
    const { error } = evaluate('findings.exists(f, 1 / size(f.path) > 1)', parts);
    expect(error).toContain('divide by zero');
  });
});

describe('work is bounded', () => {
  const files = Array.from({ length: 50_000 }, (_, index) => ({
    ...{ path: `usr/lib/${index}/x.so`, type: 'file' as const, mode: 0o644, uid: 0, gid: 0 },
    ...{ sizeBytes: index, mtimeMs: 0, layer: 0 },
  }));
  const large = new FactBindings({ ...sampleFacts(), files });
  const limit = 500_000;
  const message = `the evaluation needs more than ${limit.toLocaleString('en')} steps`;

  test.each([
    'files.exists(f, files.exists(g, f.path == g.path + "x"))',
    'files.all(a, files.all(b, files.all(c, files.all(d, a.uid == d.uid)))) || true',
    'files.exists(f, f.path in files.map(g, g.path + "q"))',
    'files.map(f, files.map(g, g.path)) == files.map(f, files.map(g, g.path))',
    'files.exists(f, f.path.split("").exists(c, c == "~"))',
    'files.exists(f, f.path.matches("(.*a){20}$"))',
  ])('%s', (text) => {
    expect(evaluateOn(text, large, limit)).toEqual({ error: message });
  });

  test('texts cannot grow without limit', () => {
    const doubled = '.map(x, x + x)'.repeat(40);
    expect(evaluate(`["aaaa"]${doubled}.size() > 0`).error).toContain('longer than 65536');
    const replaced = `"${'a'.repeat(300)}".replace("a", "${'b'.repeat(300)}").replace("b", "cc")`;
    expect(evaluate(`${replaced} == ""`).error).toContain('longer than 65536');
  });

  test('ordinary conditions over 50,000 files are far within the limit', () => {
    const texts = [
      'files.exists(f, f.path.glob("**/id_rsa"))',
      'files.filter(f, f.sizeBytes >= 0).map(f, f.path).size() == 50000',
      'files.exists(f, f.path.matches("^usr/.*secret"))',
    ];
    for (const text of texts) {
      expect(evaluateOn(text, large, 2_000_000)).not.toHaveProperty('error');
    }
  });
});
