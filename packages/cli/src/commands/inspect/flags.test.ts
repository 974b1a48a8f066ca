import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { cleanReport } from '../../../../../test/fixtures/sample-reports.ts';
import { inspecting } from '../../testing/inspect-program.ts';

let home = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'lazaret-inspect-flags-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe('a wrong command line', () => {
  it.each([
    [[], "missing required argument 'image'"],
    [['x', '-o', 'xml'], '--output: expected table, json'],
    [['x', '-o', 'json', '-o', 'sarif'], 'only one format can go to standard output'],
    [['x', '-o', 'json=a', '-o', 'sarif=a'], 'the same file'],
    [['x', '-o', 'json='], 'expected a file name'],
    [['x', '--all-platforms', '-o', 'spdx'], 'describes one image'],
    [['x', '--all-platforms', '--platform', 'linux/arm64'], 'cannot be combined'],
    [['x', '--platform', 'arm64'], '--platform: expected os/architecture'],
    [['x', '--fail-on', 'bad'], '--fail-on: expected critical'],
    [['x', '--fail-on', 'never,high'], 'never cannot be combined'],
    [['x', '--scanners', 'avast'], '--scanners: expected clamav'],
    [['x', '--scanners', 'none,yara'], 'none cannot be combined'],
    [['x', '--scanners', 'clamav'], 'clamav needs --clamd'],
    [['x', '--clamd', 'clamd.sock'], '--clamd: expected a socket or host:port'],
    [['x', '--scanners', 'vulnerabilities'], 'needs --vulnerability-db'],
    [['x', '--vulnerability-db', '/no/such'], '--vulnerability-db: /no/such: no such file'],
    [['x', '--yara-rules', '/no/such'], '--yara-rules: /no/such: no such file'],
    [['x', '--nsrl', '/etc/hosts', '--nsrl', '/etc/hosts'], '--nsrl: expected one database'],
    [['x', '--config', '/no/such.yaml'], '/no/such.yaml'],
    [['x', '--deny-list', '/no/such'], '--deny-list: /no/such: no such file'],
    [['x', '--credentials', '/no/such'], '--credentials: /no/such: no such file'],
    [['x', '--cache-size', 'much'], '--cache-size: expected a size'],
    [['x', '--cache-size', '0B'], '--cache-size: expected at least 1 B, received 0'],
    [['x', '--clamd', 'clamd.lab:99999'], '--clamd: expected a socket or host:port'],
    [['x', '--mirror', 'docker.io'], '--mirror: expected host=mirror'],
    [['x', '--mirror', 'docker.io=https://mirror'], '--mirror: expected host=mirror'],
    [['x', '--plain-http', 'http://lab'], '--plain-http: expected host[:port]'],
    [['x', '--registry-rate', '100'], '--registry-rate: expected number/period'],
    [['x', '--registry-rate', '0/6h'], '--registry-rate: expected number/period'],
    [['x', '--registry-rate', '1/8d'], 'A period is at most a week'],
    [['x', '--registry-rate', 'https://lab=1/6h'], '--registry-rate: expected host=number/period'],
    [['x', '--registry-rate', '1/1m,1/2m,1/3m,1/4m,1/5m,1/6m,1/7m,1/8m,1/9m'], 'more than 8'],
    [['x', '--maxreq', 'many'], '--maxreq, --timeper: expected a number'],
    [['x', '--max-parallel', '0'], '--max-parallel: expected a number'],
    [['x', '--max-layer-time', 'soon'], '--max-layer-time: expected a duration'],
  ])('%j is reported before anything is read', async (argv, text) => {
    const { requests, run } = inspecting(home, [cleanReport()]);
    const { exitCode, stderr, stdout } = await run(argv);
    expect(stderr).toContain(text);
    expect([exitCode, stdout, requests]).toEqual([2, '', []]);
  });
});

describe('a configuration file', () => {
  it.each([
    ['inspection: {yaraRules: [/no/such]}', 'inspection.yaraRules: /no/such: no such file'],
    ['inspection: {denyLists: [/no/such]}', 'inspection.denyLists: /no/such: no such file'],
    ['inspection: {vulnerabilityDatabase: /no/such}', 'inspection.vulnerabilityDatabase: /no/such'],
    ['inspection: {cacheBytes: 0}', 'inspection.cacheBytes: expected at least 1 B, received 0'],
    ['inspection: {timeLimit: 0}', 'inspection.timeLimit: expected at least 1s, received 0'],
    ['inspection: {a: [}', 'is not valid YAML or JSON'],
  ])('with %j is reported before anything is read', async (text, expected) => {
    const path = join(home, 'settings.yaml');
    await writeFile(path, text);
    const { requests, run } = inspecting(home, [cleanReport()]);
    const { exitCode, stderr } = await run(['x', '--config', path]);
    expect(stderr).toContain(expected);
    expect(stderr).not.toContain(String.raw`\n`);
    expect([exitCode, requests]).toEqual([2, []]);
  });
});

it('a missing file of a scanner that --scanners excludes does not matter', async () => {
  const path = join(home, 'settings.yaml');
  await writeFile(path, 'inspection: {yaraRules: [/no/such]}');
  const { requests, run } = inspecting(home, [cleanReport()]);
  expect((await run(['x', '--config', path, '--scanners', 'none'])).exitCode).toBe(0);
  expect(requests).toHaveLength(1);
});

describe('rate limits of registries', () => {
  it.each([
    [[], {}],
    [['--registry-rate', '100/6h'], { '*': [[100, 6 * 3_600_000]] }],
    [
      ['--registry-rate', '[::1]:5000=90/6h,20/1m', '--registry-rate', 'lab=1/1s'],
      {
        '[::1]:5000': [
          [90, 6 * 3_600_000],
          [20, 60_000],
        ],
        lab: [[1, 1_000]],
      },
    ],
    [
      ['--maxreq', '9', '--maxreq2', '50'],
      {
        '*': [
          [9, 600_000],
          [50, 24 * 3_600_000],
        ],
      },
    ],
    [['--maxreq2', '5', '--timeper2', '1h'], { '*': [[5, 3_600_000]] }],
    [['--maxreq', '0', '--timeper', '1h'], {}],
  ])('is what %j says', async (flags, expected) => {
    const { requests, run } = inspecting(home, [cleanReport()]);
    await run(['app', ...flags]);
    const rates = Object.entries(requests[0]?.registry.rates ?? {}).map(([host, windows]) => [
      host,
      windows.map(({ requests: number, periodMs }) => [number, periodMs]),
    ]);
    expect(Object.fromEntries(rates)).toEqual(expected);
  });
});
