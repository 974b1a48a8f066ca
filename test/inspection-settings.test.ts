/**
 * The section `inspection` of a configuration file means the same to a server and to
 * `lazaret inspect --config`: both accept and refuse the same documents, with the same messages.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { asProblem, inspectionSettings, pickScannerSettings, scannerIds } from '@lazaret/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';

import { inspecting } from '../packages/cli/src/testing/inspect-program.ts';
import {
  describeConfiguration,
  formatConfiguration,
  loadConfiguration,
} from '../packages/server/src/floor/config/index.ts';
import { cleanReport } from './fixtures/sample-reports.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-settings-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function write(text: string): Promise<string> {
  const path = join(directory, 'lazaret.yaml');
  await writeFile(path, text);
  return path;
}

const load = (path: string) => loadConfiguration({ argv: ['--config', path], environment: {} });

async function requestOf(path: string, flags: readonly string[] = []) {
  const { requests, run } = inspecting(directory, [cleanReport()]);
  const { exitCode, stderr } = await run(['app', '--config', path, ...flags]);
  return { exitCode, stderr, request: requests[0] };
}

// files that exist: the command line refuses missing ones
const full = {
  clamd: 'unix:/run/clamav/clamd.ctl',
  clamdDatabase: '/etc',
  yaraRules: ['/etc'],
  denyLists: ['/etc/hosts'],
  allowLists: ['/etc/hosts'],
  softwareReference: '/etc/hosts',
  similarityLists: ['/etc/hosts'],
  secrets: false,
  vulnerabilityDatabase: '/etc/hosts',
  registries: {
    public: false,
    private: ['10.0.0.5:5000', '[::1]:5000'],
    plainHttp: ['registry.lab:5000'],
    skipVerify: ['other.lab'],
    caFiles: ['/etc/lazaret/ca.pem'],
    mirrors: { 'docker.io': ['mirror.lab'] },
    rates: { 'docker.io': [{ requests: 90, period: '6h' }], '*': [{ requests: 5, period: 1_000 }] },
    credentialsFile: '/etc/lazaret/config.json',
    containersAuth: ['/etc/lazaret/auth.json'],
    pullSecrets: ['/etc/lazaret/secret.yaml'],
    credentialHelpers: { environment: { AWS_PROFILE: 'lab' } },
    foreign: ['layers.lab'],
  },
  dockerDaemon: true,
  allowLocal: true,
  cacheBytes: '64MiB',
  concurrency: 2,
  parallel: 3,
  timeLimit: '30m',
};

test('the sample has every setting', () => {
  const keys = (value: object): string[] => Object.keys(value).toSorted();
  expect(keys(full)).toEqual(keys(inspectionSettings.shape));
  const { registries } = inspectionSettings.parse({});
  const optional = ['credentialsFile', 'credentialHelpers'];
  expect(keys(full.registries)).toEqual([...keys(registries), ...optional].toSorted());
});

describe('an accepted document', () => {
  test.each([
    ['empty', {}],
    ['with every setting', full],
    ['with an empty section of registries', { registries: null }],
  ])('%s applies the settings of the server to the command line', async (_, document) => {
    const path = await write(stringify({ inspection: document }));
    const { inspection } = load(path).values;
    const { exitCode, stderr, request } = await requestOf(path);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(request?.scanners).toEqual(pickScannerSettings(usedOf(inspection), scannerIds));
    const { public: _public, credentialHelpers, ...registries } = inspection.registries;
    const { containersAuth, credentialsFile, ...others } = registries;
    expect(request?.registry).toMatchObject(others);
    if (credentialsFile !== undefined) {
      expect(request?.registry).toMatchObject({ containersAuth, credentialsFile });
    }
    expect(request?.registry.helperEnvironment).toMatchObject(credentialHelpers?.environment ?? {});
    expect(request).toMatchObject({ parallel: inspection.parallel });
    expect(request?.cache?.maxBytes).toBe(inspection.cacheBytes);
    expect(request?.vulnerabilityDatabase).toBe(inspection.vulnerabilityDatabase);
  });

  test('may be what `config print` shows', async () => {
    const before = load(await write(stringify({ inspection: full })));
    const path = await write(formatConfiguration(describeConfiguration(before)));
    expect(load(path).values.inspection).toEqual(before.values.inspection);
    expect((await requestOf(path)).exitCode).toBe(0);
  });

  test('is overridden by flags', async () => {
    const path = await write(stringify({ inspection: full }));
    const flags = ['--clamd', 'clamd.lab:3310', '--plain-http', 'flag.lab', '--cache-size', '1MiB'];
    const { request } = await requestOf(path, [...flags, '--scanners', 'clamav']);
    expect(request?.scanners).toEqual({
      clamd: 'clamd.lab:3310',
      clamdDatabase: '/etc',
    });
    expect(request?.registry.plainHttp).toEqual(['flag.lab']);
    expect(request?.registry.skipVerify).toEqual(['other.lab']);
    expect(request?.cache?.maxBytes).toBe(2 ** 20);
  });
});

/** Without the scanners that nothing configures. */
function usedOf(settings: ReturnType<typeof inspectionSettings.parse>) {
  const entries = Object.entries(settings).filter(
    ([, value]) => value !== false && !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(entries) as typeof settings;
}

describe('a refused document', () => {
  test.each<[what: string, document: unknown, path: string, message: string]>([
    [
      'a misspelled setting',
      { yaraRule: ['/rules'] },
      'inspection.yaraRule',
      'unknown field; did you mean "yaraRules"?',
    ],
    [
      'a misspelled registry setting',
      { registries: { plainHtp: ['registry.lab'] } },
      'inspection.registries.plainHtp',
      'unknown field; did you mean "plainHttp"?',
    ],
    [
      'a misspelled part of a rate',
      { registries: { rates: { '*': [{ request: 1, period: '1h' }] } } },
      'inspection.registries.rates.*[0].request',
      'unknown field; did you mean "requests"?',
    ],
    [
      'a host with a scheme',
      { registries: { private: ['lab', 'https://registry.lab'] } },
      'inspection.registries.private[1]',
      'expected host[:port] without https:// and without a path, received "https://registry.lab"',
    ],
    [
      'an invalid address of clamd',
      { clamd: 'clamd.ctl' },
      'inspection.clamd',
      'expected a socket or host:port, such as /run/clamav/clamd.ctl, received "clamd.ctl"',
    ],
    [
      'an unknown unit of a size',
      { cacheBytes: '2 gigs' },
      'inspection.cacheBytes',
      'expected a size such as 2GiB, received "2 gigs"',
    ],
    [
      'an invalid duration',
      { timeLimit: 'soon' },
      'inspection.timeLimit',
      'expected a duration such as 30m, received "soon"',
    ],
    [
      'an invalid period',
      { registries: { rates: { lab: [{ requests: 1, period: 'day' }] } } },
      'inspection.registries.rates.lab[0].period',
      'expected a duration such as 6h, received "day"',
    ],
    ['a number as a path', { denyLists: [1] }, 'inspection.denyLists[0]', 'expected string'],
    ['a list as the section', ['clamd'], 'inspection', 'expected object'],
    ['an empty section', null, 'inspection', 'expected object'],
  ])('with %s: the same message from both', async (_, document, where, message) => {
    const path = await write(stringify({ inspection: document }));
    const fields = refusalOf(path);
    expect(fields.map((field) => field.path)).toContain(where);
    const { exitCode, stderr, request } = await requestOf(path);
    expect([exitCode, request]).toEqual([2, undefined]);
    for (const field of fields) expect(stderr).toContain(`${field.path}: ${field.message}`);
    expect(stderr).toContain(`${where}: ${message}`);
  });

  test('without the section: the command line names the one that is meant', async () => {
    const path = await write('inspecton: { secrets: false }\n');
    expect((await requestOf(path)).stderr).toContain('but one "inspecton"');
    expect(refusalOf(path)[0]?.message).toContain('did you mean inspection?');
  });
});

function refusalOf(path: string): readonly { readonly path: string; readonly message: string }[] {
  try {
    load(path);
  } catch (error) {
    const problem = asProblem(error);
    if (problem !== undefined) return problem.fields;
    throw error;
  }
  throw new Error('the server accepts the document');
}
