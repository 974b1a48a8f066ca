import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Problem } from '@lazaret/protocol';
import { afterAll, expect, test } from 'vitest';

import {
  changeConfigurationFile,
  configurationFileOf,
  writeConfigurationFile,
} from './configuration-file.ts';
import { describeConfiguration, loadConfiguration } from './load.ts';
import { flagOf, optionKeys, variableOf } from './options.ts';

const directory = mkdtempSync(join(tmpdir(), 'lazaret-config-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

function load(argv: readonly string[] = [], environment: Record<string, string> = {}) {
  return loadConfiguration({ argv, environment });
}

function problemOf(argv: readonly string[], environment: Record<string, string> = {}): Problem {
  try {
    load(argv, environment);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('expected a problem');
}

test('by default every option has its default and the server listens on loopback', () => {
  const { values, sources } = load();
  expect(values.listen).toBe('127.0.0.1:8100');
  expect(new Set(Object.values(sources))).toEqual(new Set(['default']));
});

test('the environment overrides the file, and flags override both; each value has its source', () => {
  const path = file(
    'order.yaml',
    'log-level: warn\nlisten: 127.0.0.1:1\npublic_url: https://lab.example/x\n',
  );
  const { values, sources } = load(['--config', path, '--listen=127.0.0.1:3'], {
    LAZARET_LISTEN: '127.0.0.1:2',
    LAZARET_LOG_LEVEL: 'error',
  });
  expect(values).toMatchObject({
    listen: '127.0.0.1:3',
    logLevel: 'error',
    publicUrl: 'https://lab.example/x',
  });
  expect(sources).toMatchObject({
    listen: '--listen',
    logLevel: '$LAZARET_LOG_LEVEL',
    publicUrl: path,
  });
});

test.each([
  [['--lissten', '127.0.0.1:1'], {}, '--listen'],
  [[], { LAZARET_LISTN: 'x' }, 'LAZARET_LISTEN'],
  [['--config', file('typo.yaml', 'databaseUlr: x\n')], {}, 'databaseUrl'],
])('an unknown key is an error with a suggestion: %j %j', (argv, environment, suggestion) => {
  const problem = problemOf(argv, environment);
  expect(problem.code).toBe('invalid_configuration');
  expect(problem.message).toContain(`did you mean ${suggestion}?`);
});

test('every invalid value is reported at once, with its source', () => {
  const problem = problemOf(['--listen', 'everywhere'], { LAZARET_ON_STOP: 'perhaps' });
  expect(problem.fields.map((field) => field.path)).toEqual(['listen', 'onStop']);
  expect(problem.fields[0]?.message).toContain('(from --listen)');
});

test.each([
  ['a file that is missing', ['--config', '/nowhere/lazaret.yaml'], 'cannot be read'],
  ['a flag without its value', ['--listen'], 'expected a value'],
  [
    'a file that is not a mapping',
    ['--config', file('list.yaml', '- a\n')],
    'expected `key: value`',
  ],
  ['a key that is used twice', ['--config', file('twice.yaml', 'data: a\ndata: b\n')], 'unique'],
])('%s is a specific error', (_name, argv, words) => {
  expect(problemOf(argv).message).toContain(words);
});

test('secrets may be in separate files and are masked when shown', () => {
  const secret = file('url', 'postgresql://u:hidden@h/db\n');
  const loaded = load(['--database-url', `file:${secret}`]);
  expect(loaded.values.databaseUrl).toBe('postgresql://u:hidden@h/db');
  expect(JSON.stringify(describeConfiguration(loaded))).not.toContain('hidden');
});

test('lists are separated by commas, or JSON; nodes have names and endpoints', () => {
  const { values } = load(['--roles', 'api,worker'], {
    LAZARET_NODES: JSON.stringify([{ name: 'a', endpoint: 'unix:///run/a.sock', memory: '2GiB' }]),
  });
  expect(values.roles).toEqual(['api', 'worker']);
  expect(values.nodes[0]).toMatchObject({ name: 'a', memory: 2 ** 31 });
  expect(problemOf(['--roles', 'api,cook']).message).toContain('roles[1]');
});

test('the names of other tools are read: DATABASE_URL and DOCKER_HOST', () => {
  const { values } = load([], {
    DATABASE_URL: 'postgresql://u@h/db',
    DOCKER_HOST: 'tcp://10.0.0.1:2376',
  });
  expect(values).toMatchObject({
    databaseUrl: 'postgresql://u@h/db',
    dockerHost: 'tcp://10.0.0.1:2376',
  });
});

test('invalid JSON and a misspelt name of a variable are called that', () => {
  const invalid = problemOf([], { LAZARET_INSPECTION: '{bad' });
  expect(invalid.message).toContain('inspection: invalid JSON: ');
  const unknown = problemOf([], { LAZARET_INSPECTON: '{}' });
  expect(unknown.fields).toEqual([
    {
      path: 'LAZARET_INSPECTON',
      message: 'unknown variable (from the environment); did you mean LAZARET_INSPECTION?',
    },
  ]);
});

test('an invalid file is described on one line', () => {
  const { fields } = problemOf(['--config', file('broken.yaml', 'listen: [a\nroles: }\n')]);
  expect(fields.length).toBeGreaterThan(0);
  for (const { message } of fields) expect(message).not.toContain('\n');
});

test('no two options share a flag or a variable', () => {
  expect(new Set(optionKeys.map(flagOf)).size).toBe(optionKeys.length);
  expect(new Set(optionKeys.map(variableOf)).size).toBe(optionKeys.length);
});

function dataDirectory(): string {
  return mkdtempSync(join(directory, 'data-'));
}

test('the first start writes a file in which every option is explained and nothing is set', () => {
  const data = dataDirectory();
  expect(writeConfigurationFile(data)).toBe(true);
  expect(writeConfigurationFile(data)).toBe(false);
  const text = readFileSync(configurationFileOf(data), 'utf8');
  for (const key of optionKeys.filter((one) => one !== 'data')) {
    expect(text).toMatch(new RegExp(`^# ${key}:`, 'm'));
    expect(text).toContain(variableOf(key));
  }
  const { values, sources } = load(['--data', data]);
  expect({ ...values, data: './data' }).toEqual(load().values);
  expect(sources.listen).toBe('default');
});

test('each option of the written file can be set by removing its comment sign', () => {
  const data = dataDirectory();
  writeConfigurationFile(data);
  const path = configurationFileOf(data);
  const [, ...blocks] = readFileSync(path, 'utf8').split('\n\n');
  const lines = blocks.join('\n').split('\n');
  const set = lines.map((line) => (/^# (\w+:|  )/.test(line) ? line.slice(2) : line));
  writeFileSync(path, set.filter((line) => !line.startsWith('#')).join('\n'));
  expect({ ...load(['--data', data]).values, data: './data' }).toEqual(load().values);
});

test('the file of the data directory is read unless another is given', () => {
  const data = dataDirectory();
  writeFileSync(join(data, 'lazaret.yaml'), 'logLevel: debug\n');
  expect(load(['--data', data]).values.logLevel).toBe('debug');
  expect(load([], { LAZARET_DATA: data }).sources.logLevel).toBe(join(data, 'lazaret.yaml'));
  const other = file('other.yaml', 'listen: 127.0.0.1:1\n');
  expect(load(['--data', data, '--config', other]).values.logLevel).toBe('info');
});

test('the file of the data directory cannot move the data directory', () => {
  const data = dataDirectory();
  writeFileSync(join(data, 'lazaret.yaml'), 'data: /elsewhere\n');
  expect(problemOf(['--data', data]).message).toContain('use --data');
});

test('changing the file keeps comments and other options', () => {
  const path = file('kept.yaml', '# of this lab\nlisten: 127.0.0.1:1 # local\n');
  changeConfigurationFile(path, 'inspection', { clamd: '/run/clamd' });
  changeConfigurationFile(path, 'inspection', { yaraRules: ['/rules'] });
  expect(readFileSync(path, 'utf8')).toBe(
    '# of this lab\nlisten: 127.0.0.1:1 # local\ninspection:\n  clamd: /run/clamd\n' +
      '  yaraRules:\n    - /rules\n',
  );
});

test('changing a file with only comments keeps them', () => {
  const data = dataDirectory();
  writeConfigurationFile(data);
  changeConfigurationFile(configurationFileOf(data), 'inspection', { clamd: '/run/clamd' });
  expect(readFileSync(configurationFileOf(data), 'utf8')).toMatch(/^# Configuration of Lazaret/);
  expect(load(['--data', data]).values.inspection.clamd).toBe('/run/clamd');
});

test('a file that is not valid YAML is not changed', () => {
  const path = file('broken.yaml', 'listen: [\n');
  expect(() => changeConfigurationFile(path, 'inspection', { clamd: 'x' })).toThrow(Problem);
  expect(readFileSync(path, 'utf8')).toBe('listen: [\n');
});
