/**
 * An expression that passes the type check never ends in a type error: random expressions over the
 * catalogue, of which those that pass are evaluated.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { compareSample, sampleFacts } from '../testing/sample.ts';
import { variables } from './catalogue.ts';
import { compileExpression, FactBindings } from './compile-expression.ts';
import { functions } from './functions.ts';
import { Meter } from './meter.ts';
import type { ValueType } from './value-type.ts';

const facts = sampleFacts({
  findings: [{ class: 'malware', rule: 'x', path: 'a/b', line: 3 }, { rule: 'y' }],
  packages: [{ type: 'deb', name: 'a', version: '1' }],
  users: [{ name: 'root', uid: 0 }],
  files: [{ path: 'etc/passwd', mode: 0o644 }],
  distribution: { id: 'debian', versionId: '12' },
});
const bindings = new FactBindings(facts);

/** Paths of fields from a variable, and elements of lists, with their types. */
function pathsOf(name: string, type: ValueType, depth = 0): { text: string; type: ValueType }[] {
  const own = [{ text: name, type }];
  if (depth > 2) return own;
  if (type.kind === 'list') return [...own, ...pathsOf(`${name}[0]`, type.element, depth + 1)];
  if (type.kind !== 'record') return own;
  return [
    ...own,
    ...[...type.fields].flatMap(([field, { type: of }]) =>
      pathsOf(`${name}.${field}`, of, depth + 1),
    ),
  ];
}

const paths = [...variables].flatMap(([name, { type }]) => pathsOf(name, type));
// evidence of findings has no types
const typed = paths.filter(({ text, type }) => type.kind !== 'dyn' && !text.includes('evidence'));
const constants = [
  '1',
  '-2',
  '1.5',
  '"a"',
  '"critical"',
  'true',
  'duration("1h")',
  '[1, 2]',
  '["a"]',
];

const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(...constants),
    fc.constantFrom(...typed).map(({ text }) => text),
    fc
      .constantFrom(...typed.filter(({ text }) => text.includes('.')))
      .map(({ text }) => `has(${text})`),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('&&', '||', '==', '!=', '<', '>=', '+', '-', '*', '/', '%', 'in'),
        tie('expression'),
      )
      .map(([a, operator, b]) => `(${a} ${operator} ${b})`),
    fc
      .tuple(tie('expression'), tie('expression'), tie('expression'))
      .map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
    fc.tuple(fc.constantFrom('!', '-'), tie('expression')).map(([sign, a]) => `${sign}(${a})`),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('exists', 'all', 'filter', 'map', 'exists_one'),
        fc.constantFrom('x', 'y'),
        tie('expression'),
      )
      .map(([list, macro, name, body]) => `${list}.${macro}(${name}, ${body})`),
    fc
      .tuple(
        fc.constantFrom(...functions),
        fc.array(tie('expression'), { minLength: 3, maxLength: 3 }),
      )
      .map(([{ name, receiver, parameters }, args]) => {
        const list = args.slice(0, parameters.length).join(', ');
        return receiver === undefined ? `${name}(${list})` : `${args[2] ?? ''}.${name}(${list})`;
      }),
  ),
}));

const typeErrors =
  /no matching overload|unresolved attribute|unbound function|does not take|type mismatch|unsupported/;

test('a condition that passes the type check never ends in a type error', () => {
  let passed = 0;
  fc.assert(
    fc.property(expression, (text) => {
      const { expression: compiled } = compileExpression(text, { expected: [{ kind: 'dyn' }] });
      if (compiled === undefined) return;
      passed += 1;
      const runtime = { meter: new Meter(50_000), compareVersions: compareSample };
      const { error = '' } = compiled.evaluate(bindings.for(compiled), runtime);
      expect(error).not.toMatch(typeErrors);
    }),
    { numRuns: 4_000 },
  );
  expect(passed).toBeGreaterThan(500);
});
