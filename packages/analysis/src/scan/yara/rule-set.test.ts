import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { countRules, readRuleSet } from './rule-set.ts';

it.each([
  ['', 0],
  ['rule A { condition: true }', 1],
  ['private rule A : tag { condition: true } global private rule B { condition: A }', 2],
  ['// rule No { condition: true }\n/* rule No {\n} */ rule Yes { condition: true }', 1],
  ['rule A { strings: $a = "rule B {" $b = /rule C\\/x/ condition: any of them }', 1],
  ['rule A { strings: $a = "\\"rule B" $b = { 01 // rule C\n 02 } condition: all of them }', 1],
])('counts the rules of %j', (text, count) => {
  expect(countRules(text)).toBe(count);
});

it('counts the rules of all files of a directory', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rules-'));
  try {
    await writeFile(join(directory, 'a.yar'), 'rule A { condition: true }\n');
    await writeFile(
      join(directory, 'b.yara'),
      'rule B { condition: true } rule C { condition: B }',
    );
    expect((await readRuleSet([directory])).ruleCount).toBe(3);
  } finally {
    await rm(directory, { recursive: true });
  }
});
