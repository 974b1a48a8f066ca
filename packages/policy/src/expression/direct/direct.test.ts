// Not in the quick check: thousands of random expressions are compared.
/**
 * Direct evaluation against the library: the same value, the same steps and the same evidence, over
 * random expressions and over facts with values that reports do not have.
 */
import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { parsePolicy } from '../../document/parse-policy.ts';
import { randomExpression } from '../../testing/random-expression.ts';
import { compareSample, sampleFacts } from '../../testing/sample.ts';
import { variables } from '../catalogue.ts';
import { compileExpression, FactBindings } from '../compile-expression.ts';
import type { CompiledExpression } from '../compile-expression.ts';
import { fromCelValue } from '../convert-value.ts';
import { Meter } from '../meter.ts';
import { dyn, type RecordType, type ValueType } from '../value-type.ts';

const facts = sampleFacts({
  findings: [
    { class: 'malware', severity: 'critical', rule: 'x', path: 'a/b', layer: 3, hiddenBy: 4 },
    { class: 'vulnerability', severity: 'high', rule: 'CVE-1', evidence: { fixed: '2', score: 7 } },
    { class: 'similar', rule: 'y' },
  ],
  packages: [
    { type: 'deb', name: 'a', version: '1.10', path: 'var/lib/dpkg/status' },
    { type: 'npm', name: 'b', version: '2' },
  ],
  users: [
    { name: 'root', uid: 0, password: 'locked' },
    { name: 'app', uid: 1_000 },
  ],
  files: [{ path: 'etc/passwd', mode: 0o644 }, { path: 'usr/bin/ä' }],
  distribution: { id: 'debian', versionId: '12' },
  coverage: {
    gaps: [{ by: 'clamav', reason: 'too_large', path: 'var/big' }],
    scanners: [{ scanner: 'clamav', signaturesAt: '2026-12-01T00:00:00Z' }],
  },
});
const bindings = new FactBindings(facts);

function compile(text: string): CompiledExpression | undefined {
  return compileExpression(text, { expected: [dyn] }).expression;
}

/** Value or error, and steps. */
function runBoth(compiled: CompiledExpression, input = bindings, steps = 50_000) {
  return (['evaluate', 'evaluateByLibrary'] as const).map((method) => {
    const meter = new Meter(steps);
    const outcome = compiled[method](input, { meter, compareVersions: compareSample });
    return { ...outcome, spent: meter.spent };
  });
}

function findBoth(compiled: CompiledExpression, input = bindings) {
  return (['findEvidence', 'findEvidenceByLibrary'] as const).map((method) => {
    const meter = new Meter(50_000);
    const evidence = compiled[method](input, { meter, compareVersions: compareSample });
    const { found, items } = evidence;
    return { found, items, values: fromCelValue(evidence.toCel()), spent: meter.spent };
  });
}

/** Whether it was compared. */
function compare(text: string, input = bindings): boolean {
  const compiled = compile(text);
  if (!compiled?.isDirect) return false;
  const [direct, library] = runBoth(compiled, input);
  expect(direct, text).toEqual(library);
  const [found, foundByLibrary] = findBoth(compiled, input);
  expect(found, text).toEqual(foundByLibrary);
  return true;
}

test('random expressions give the same value for the same steps', () => {
  let compared = 0;
  fc.assert(
    fc.property(randomExpression, (text) => {
      if (compare(text)) compared += 1;
    }),
    { numRuns: 2_000 },
  );
  expect(compared).toBeGreaterThan(60);
});

const lists = [...variables].flatMap(([name, { type }]) =>
  type.kind === 'list' && type.element.kind === 'record' ? [{ name, element: type.element }] : [],
);
const texts = fc.constantFrom('', 'a', 'a/b', 'critical', 'malware', 'x', '1', 'etc/passwd', 'ä');

/** Conditions on one field of an element `e`. */
function conditionsOn(name: string, { kind }: ValueType): fc.Arbitrary<string> {
  const field = `e.${name}`;
  if (kind === 'string') {
    return fc
      .tuple(texts, texts)
      .chain(([a, b]) =>
        fc.constantFrom(
          ...[`${field} == "${a}"`, `${field} != "${a}"`, `${field} in ["${a}", "${b}"]`],
          ...[`has(${field})`, `${field}.contains("${a}")`, `${field}.startsWith("${a}")`],
          ...[`size(${field}) > 2`, `${field}.glob("**/${a}")`, `(${field} + "${a}").size() == 3`],
          ...[`${field}.matches("^${a}")`, `${field}.lowerAscii().endsWith("${a}")`],
          `[${field}, "${a}"].join("-") == "${b}"`,
        ),
      );
  }
  if (kind === 'bool') return fc.constantFrom(field, `!${field}`, `has(${field})`);
  if (kind === 'int' || kind === 'double') {
    return fc.constantFrom(
      ...[
        `(has(${field}) && ${field} == 0)`,
        `(has(${field}) && ${field} == 2)`,
        `(has(${field}) && ${field} >= 3)`,
      ],
      ...[`(has(${field}) && string(${field}) == "3")`, `(has(${field}) && ${field} < 1.5)`],
    );
  }
  if (kind === 'timestamp') {
    const age = `has(${field}) && now - ${field} > duration("168h")`;
    return fc.constantFrom(age, `has(${field}) && ${field} + duration("1h") < now`);
  }
  if (kind === 'list' || kind === 'map')
    return fc.constantFrom(`has(${field})`, `size(${field}) > 0`);
  return fc.constantFrom(`has(${field})`);
}

const known = (element: RecordType): [string, ValueType][] =>
  [...element.fields].flatMap(([name, { type }]) => (type.kind === 'dyn' ? [] : [[name, type]]));

function loopOver({ name, element }: (typeof lists)[number]): fc.Arbitrary<string> {
  const one = fc
    .constantFrom(...known(element))
    .chain(([field, type]) => conditionsOn(field, type));
  const field = fc.constantFrom(
    ...known(element)
      .filter(([, { kind }]) => kind === 'string')
      .map(([of]) => `e.${of}`),
  );
  return fc
    .tuple(one, one, field, fc.constantFrom('&&', '||'), fc.constantFrom('', '!'))
    .chain(([a, b, text, operator, sign]) => {
      const condition = `${sign}(${a} ${operator} ${b})`;
      return fc.constantFrom(
        ...['exists', 'all', 'exists_one'].map((macro) => `${name}.${macro}(e, ${condition})`),
        `!${name}.all(e, ${condition})`,
        `${name}.filter(e, ${condition}).size() > 1`,
        `${name}.map(e, ${condition}, ${a} ? ${text} : "none").join(", ")`,
        `${name}.exists(e, ${condition}) && ${name}.filter(o, o == o || true).size() >= 0`,
        `${name}.exists(e, ${name}.exists(o, ${condition}))`,
      );
    });
}

const values = fc.oneof(
  texts,
  fc.constantFrom<unknown>(null, true, false, 0, 3, -0.5, 2.5, 1e300, [], {}, ['a', 1]),
  fc.constantFrom('2026-12-01T00:00:00Z', '9999-13-01', '2027-01-01T00:00:00.0005Z'),
  fc.constantFrom('0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z'),
);

/** The facts with values that no report has in one list. */
function strangeFacts({ name, element }: (typeof lists)[number]): fc.Arbitrary<FactBindings> {
  return fc
    .array(fc.dictionary(fc.constantFrom(...element.fields.keys()), values), { maxLength: 4 })
    .map((list) => new FactBindings({ ...facts, [name]: list }));
}

const loop = fc
  .constantFrom(...lists)
  .chain((list) => fc.tuple(loopOver(list), fc.oneof(fc.constant(bindings), strangeFacts(list))));

const listForMap: [string, FactBindings] = [
  'findings.exists(e, has(e.evidence))',
  new FactBindings({ ...facts, findings: [{ evidence: ['a'] }] as never }),
];

test('loops over lists of facts give the same value, steps and evidence', () => {
  let compared = 0;
  fc.assert(
    fc.property(loop, ([text, input]) => {
      if (compare(text, input)) compared += 1;
    }),
    { numRuns: 1_500, examples: [[listForMap]] },
  );
  expect(compared).toBeGreaterThan(700);
});

describe('what the library has to evaluate', () => {
  test.each([
    ['1 / 0 == 1', false],
    ['findings[9].rule == "x"', false],
    ['findings.exists(f, has(f.evidence) && string(f.evidence["fixed"]) == "2")', false],
    // an error of an element, which one that matches makes up for
    ['packages.exists(p, versionBelow(p, "2"))', true],
    ['image.config.labels.team == "a"', true],
    ['string(now) == "2027"', false],
  ])('%s', (text, isDirect) => {
    const compiled = compile(text);
    expect(compiled?.isDirect).toBe(isDirect);
    if (compiled === undefined) return;
    const [outcome, byLibrary] = runBoth(compiled);
    expect(outcome).toEqual(byLibrary);
  });

  test('an evaluation that needs too many steps', () => {
    const compiled = compile('findings.all(f, findings.all(g, f.rule == "none" || true))');
    expect(compiled?.isDirect).toBe(true);
    if (compiled === undefined) return;
    const [outcome, byLibrary] = runBoth(compiled, bindings, 30);
    expect(outcome?.error).toContain('more than 30 steps');
    expect(outcome).toEqual(byLibrary);
  });
});

test('every condition and message of the built-in policy is evaluated directly', () => {
  const file = new URL('../../../../../policies/default.yaml', import.meta.url);
  const { policy } = parsePolicy(readFileSync(file, 'utf8'));
  const slow = policy?.rules.flatMap(({ id, compiled, template }) =>
    [compiled, ...(template?.parts ?? [])].some((one) => typeof one !== 'string' && !one.isDirect)
      ? [id]
      : [],
  );
  expect(slow).toEqual([]);
});
