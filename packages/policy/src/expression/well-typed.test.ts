// Not in the quick check: random conditions are compiled and evaluated.
/**
 * An expression that passes the type check never ends in a type error: random expressions over the
 * catalogue, of which those that pass are evaluated.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { randomExpression } from '../testing/random-expression.ts';
import { compareSample, sampleFacts } from '../testing/sample.ts';
import { compileExpression, FactBindings } from './compile-expression.ts';
import { Meter } from './meter.ts';

const facts = sampleFacts({
  findings: [{ class: 'malware', rule: 'x', path: 'a/b', line: 3 }, { rule: 'y' }],
  packages: [{ type: 'deb', name: 'a', version: '1' }],
  users: [{ name: 'root', uid: 0 }],
  files: [{ path: 'etc/passwd', mode: 0o644 }],
  distribution: { id: 'debian', versionId: '12' },
});
const bindings = new FactBindings(facts);

const typeErrors =
  /no matching overload|unresolved attribute|unbound function|does not take|type mismatch|unsupported/;

test('a condition that passes the type check never ends in a type error', () => {
  let passed = 0;
  fc.assert(
    fc.property(randomExpression, (text) => {
      const { expression: compiled } = compileExpression(text, { expected: [{ kind: 'dyn' }] });
      if (compiled === undefined) return;
      passed += 1;
      const runtime = { meter: new Meter(50_000), compareVersions: compareSample };
      const { error = '' } = compiled.evaluateByLibrary(bindings, runtime);
      expect(error).not.toMatch(typeErrors);
    }),
    { numRuns: 4_000 },
  );
  expect(passed).toBeGreaterThan(500);
});
