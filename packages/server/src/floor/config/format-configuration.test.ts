import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { formatConfiguration } from './format-configuration.ts';
import { describeConfiguration, loadConfiguration } from './load.ts';
import { optionKeys } from './options.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-config-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const load = (argv: readonly string[]) => loadConfiguration({ argv, environment: {} });

test('the printed configuration is a valid file with the same values', async () => {
  const before = load(['--listen', '127.0.0.1:9000', '--roles', 'api,worker']);
  const path = join(directory, 'printed.yaml');
  await writeFile(path, formatConfiguration(describeConfiguration(before)));
  const after = load(['--config', path]);
  expect(after.values).toEqual(before.values);
});

test('every value has its summary and its source', () => {
  const text = formatConfiguration(describeConfiguration(load(['--listen', '127.0.0.1:9000'])));
  expect(text).toMatch(/^# .*\nlisten: 127\.0\.0\.1:9000 # --listen$/m);
  expect(text).toMatch(/^roles: # default$/m);
  for (const key of optionKeys) expect(text).toMatch(new RegExp(`^${key}:`, 'm'));
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
});

test('a file to be edited has its defaults as comments', () => {
  const options = describeConfiguration(load(['--listen', '127.0.0.1:9000']));
  const text = formatConfiguration(options, { commentDefaults: true });
  const active = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(active).toEqual(['listen: 127.0.0.1:9000 # --listen']);
});

test.each(['127.0.0.1:99999', '127.0.0.1:65536', 'localhost:70000'])(
  'the port of %s is out of range',
  (listen) => {
    expect(() => load(['--listen', listen])).toThrow(/port/);
  },
);

test.each(['127.0.0.1:0', '127.0.0.1:65535', '[::1]:8100'])('%s is a valid address', (listen) => {
  expect(load(['--listen', listen]).values.listen).toBe(listen);
});
