import { mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { eicarTestFile, startClamd, type TestClamd } from '@lazaret/analysis/testing';
import { configurationFileOf } from '../floor/config/index.ts';
import { loadFrom } from './program.ts';
import { setupScanners, type SetupScannersRequest } from './setup-scanners.ts';

let clamd: TestClamd;
let data: string;

beforeAll(async () => {
  const signatures = { 'Eicar-Test-Signature': eicarTestFile() };
  clamd = await startClamd({ database: { number: 1, atMs: Date.now(), signatures } });
});
afterAll(() => clamd.stop());

beforeEach(() => {
  data = mkdtempSync('/tmp/lazaret-setup-');
  return () => rmSync(data, { recursive: true, force: true });
});

function request(changes: Partial<SetupScannersRequest>): SetupScannersRequest {
  return {
    argv: ['--data', data],
    clamd: undefined,
    clamav: false,
    mayInstall: () => Promise.resolve(false),
    yaraRules: [],
    denyLists: [],
    allowLists: [],
    log: () => {},
    ...changes,
  };
}

function write(name: string, text: string): string {
  const path = join(data, name);
  writeFileSync(path, text);
  return path;
}

test('scanners that work are written to the configuration file of the data directory', async () => {
  const rules = write('rules.yar', 'rule found { strings: $a = "xyz" condition: $a }');
  const list = write('bad.txt', `${'a'.repeat(64)}  bad.exe\n`);
  const made = await setupScanners(
    request({ clamd: clamd.socketPath, yaraRules: [rules], denyLists: [list] }),
  );
  expect(made.file).toBe(configurationFileOf(data));
  expect(made.advice).toEqual([]);
  expect(made.scanners.filter(({ healthy }) => healthy).map(({ id }) => id)).toEqual(
    expect.arrayContaining(['clamav', 'yara', 'hash-set', 'secrets']),
  );
  const { inspection } = loadFrom(['--data', data]).values;
  expect(inspection).toMatchObject({ clamd: clamd.socketPath, yaraRules: [rules] });
  expect(readFileSync(configurationFileOf(data), 'utf8')).toMatch(/^# Configuration of Lazaret/);
  expect(await setupScanners(request({ yaraRules: [rules] }))).not.toHaveProperty('file');
});

test('rules that do not compile are refused with the reason, and nothing is written', async () => {
  const rules = write('rules.yar', 'rule broken { condition: nothing_of_this }');
  await expect(setupScanners(request({ yaraRules: [rules] }))).rejects.toMatchObject({
    code: 'invalid_configuration',
    message: expect.stringContaining('nothing_of_this'),
  });
  expect(existsSync(configurationFileOf(data))).toBe(false);
});

test('a clamd that does not answer is refused, and nothing is written', async () => {
  const asked = request({ clamd: join(data, 'no.socket') });
  await expect(setupScanners(asked)).rejects.toMatchObject({ code: 'invalid_configuration' });
  expect(existsSync(configurationFileOf(data))).toBe(false);
});

test('without a clamd and without permission to install one, it reports that none was set up', async () => {
  const made = await setupScanners(request({ clamav: true }));
  if (made.advice.length > 0) expect(made.advice.join(' ')).toContain('no clamd answers');
  else expect(made.scanners.map(({ id }) => id)).toContain('clamav');
});
