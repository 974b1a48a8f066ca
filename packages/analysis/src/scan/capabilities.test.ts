/** Compares the descriptions of scanners with the scanners. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';

import { createScanners } from './create-scanners.ts';
import type { FileExample, ScannerModule } from './scanner-module.ts';
import { scannerModules } from './scanner-modules.ts';
import type { Scanner } from './scanner.ts';

const directory = mkdtempSync(join(tmpdir(), 'lazaret-capabilities-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const file = (name: string, text: string): string => {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
};
/** All scanners; clamd and the rules are not needed to decide about files. */
const settings = {
  clamd: join(directory, 'clamd.ctl'),
  yaraRules: [directory],
  denyLists: [file('deny.txt', `${'a'.repeat(64)}\n`)],
  similarityLists: [file('similar.csv', 'digest,name\n3:ab:cd,sample\n')],
  secrets: true,
};
const scanners = createScanners(settings, { now: () => 0 });
afterAll(async () => {
  await Promise.all(scanners.map((scanner) => scanner.close()));
});

test('settings of all scanners create each of the list, under its id', () => {
  expect(scanners.map(({ id }) => id)).toEqual(Object.keys(scannerModules));
  expect(createScanners({}, { now: () => 0 })).toEqual([]);
});

test('a scanner that cannot be created is unhealthy, with the reason', async () => {
  const [scanner] = createScanners({ clamd: 'nonsense' }, { now: () => 0 });
  expect(await scanner?.describe()).toMatchObject({ engine: 'clamav', healthy: false });
  expect(scanner?.id).toBe('clamav');
});

describe.each(Object.entries(scannerModules))('%s', (id, one) => {
  const scanner = scanners.find((each) => each.id === id);

  test('examines and skips the files of its description', () => {
    if (scanner === undefined) throw new Error(`${id} was not created`);
    expect(one.capabilities.examples.examined.length).toBeGreaterThan(0);
    expect(wrongExamples(scanner, one)).toEqual([]);
  });
});

test('a false example is detected', () => {
  const secrets = scanners.find(({ id }) => id === 'secrets');
  const module = scannerModules.secrets;
  if (secrets === undefined) throw new Error('no secrets');
  const text: FileExample = { path: 'a.txt', kind: 'text' };
  const zip: FileExample = { path: 'a.zip', kind: 'zip' };
  const examples = { examined: [zip], skipped: [text] };
  const wrong = { ...module, capabilities: { ...module.capabilities, examples } };
  expect(wrongExamples(secrets, wrong)).toEqual(['a.zip is skipped', 'a.txt is examined']);
});

describe('YARA rules do not compile, and the scanner is unhealthy, with', () => {
  test.each([
    ['external variables', 'rule a { condition: filename == "x" }', /unknown identifier/],
    ['the module magic', 'import "magic" rule a { condition: true }', /unknown module/],
    ['an include', 'include "b.yar"', /include is not followed/],
  ])('%s', async (name, text, problem) => {
    const rules = [file(`${name.replaceAll(' ', '-')}.yar`, text)];
    const [yara] = createScanners({ yaraRules: rules }, { now: () => 0 });
    const description = await yara?.describe();
    await yara?.close();
    expect(description?.healthy).toBe(false);
    expect(description?.problem).toMatch(problem);
  });
});

function wrongExamples(scanner: Scanner, { capabilities }: ScannerModule): string[] {
  const { examined, skipped } = capabilities.examples;
  const wants = (example: FileExample): boolean =>
    scanner.wants({ sizeBytes: 100, mode: 0o644, sha256: '0'.repeat(64), ...example });
  return [
    ...examined.filter((one) => !wants(one)).map(({ path }) => `${path} is skipped`),
    ...skipped.filter(wants).map(({ path }) => `${path} is examined`),
  ];
}
