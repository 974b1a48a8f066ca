/** The flags of `lazaret setup scanners` are passed to the set-up, and its result is printed. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeEach, expect, it } from 'vitest';

import { startProgram, type Finished } from '../../testing/spawn-program.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lazaret-setup-cli-'));
  return () => rmSync(directory, { recursive: true, force: true });
});

async function setup(...words: readonly string[]): Promise<Finished> {
  const argv = ['setup', 'scanners', '--data', directory, '--no-clamav', ...words];
  return startProgram(argv, { home: directory }).finished;
}

it('writes rules and lists that work to the configuration file', async () => {
  const rules = join(directory, 'rules.yar');
  const list = join(directory, 'bad.txt');
  writeFileSync(rules, 'rule found { strings: $a = "xyz" condition: $a }');
  writeFileSync(list, `${'a'.repeat(64)}  bad.exe\n`);
  const ended = await setup('--yara-rules', rules, '--deny-list', list);
  expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
  expect(ended.stdout).toContain('lazaret.yaml');
  const text = readFileSync(join(directory, 'lazaret.yaml'), 'utf8');
  expect(text).toContain(rules);
  expect(text).toContain(list);
});

it('refuses a path that does not exist, and writes nothing', async () => {
  const ended = await setup('--yara-rules', join(directory, 'none'));
  expect(ended.exitCode).not.toBe(0);
  expect(ended.stderr).toContain('none');
  expect(existsSync(join(directory, 'lazaret.yaml'))).toBe(false);
});
