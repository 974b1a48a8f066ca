/** The examples of docs/policies.md are valid, and their tests pass. */
import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';
import { parse } from 'yaml';

import { compileExpression } from '../expression/compile-expression.ts';
import { compareSample } from '../testing/sample.ts';
import { runTests } from '../testcases/run-tests.ts';
import { parsePolicy } from './parse-policy.ts';

const page = readFileSync(new URL('../../../../docs/policies.md', import.meta.url), 'utf8');
const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text);

test('the policy of the guide is valid, and its tests pass', async () => {
  const policies = blocks.filter((text) => text.startsWith('schema:'));
  expect(policies).toHaveLength(1);
  const { policy, faults } = parsePolicy(policies[0] ?? '');
  expect(faults).toBeUndefined();
  if (policy === undefined) return;
  const results = await runTests(policy, policy.tests, {
    ...{ compareVersions: compareSample, exceptions: [] },
    readReport: () => Promise.reject(new Error('no reports')),
  });
  expect(results).toMatchObject([{ passed: true }]);
});

test('the conditions of the guide pass the type check', () => {
  const conditions = blocks
    .filter((text) => text.includes('\ncondition:'))
    .flatMap((text) => text.split(/^#.*\n/m).filter(Boolean))
    .map((text) => (parse(text) as { readonly condition: string }).condition);
  expect(conditions.length).toBeGreaterThan(3);
  const faults = conditions.map(
    (text) => compileExpression(text, { expected: [{ kind: 'bool' }] }).faults ?? [],
  );
  expect(faults.flat()).toEqual([]);
});

test('the invariants of the guide are valid', () => {
  const rows = [...page.matchAll(/^\| `((?:file|package|users|findings): \{.*\})` \|/gm)];
  expect(rows.length).toBeGreaterThan(6);
  const rules = rows.map(([, text = ''], index) => `  - id: r${index}\n    require: { ${text} }\n`);
  const document = `schema: lazaret-policy/1\nname: guide\nrules:\n${rules.join('')}`;
  expect(parsePolicy(document).faults).toBeUndefined();
});
