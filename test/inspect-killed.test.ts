/**
 * `lazaret inspect` killed with -9 in every phase, and several of them at once on one cache: the
 * next one has the same output as without a cache, byte for byte, and no warning.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

import { inspectionReport, type InspectionReport } from '@lazaret/protocol';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { imageToCache } from '../packages/analysis/src/testing/cached-image.ts';
import { coldText } from '../packages/analysis/src/testing/cold-report.ts';
import { secret } from '../packages/analysis/src/testing/hostile/hostile-case.ts';
import type { BuiltImage } from '../packages/analysis/src/testing/image-builder.ts';
import { startFakeRegistry, type FakeRegistry } from '../packages/oci/src/testing/fake-registry.ts';
import { startProgram, type Started } from '../packages/cli/src/testing/spawn-program.ts';
import { isExhaustive } from './support/exhaustive.ts';

/** The verdict is malicious, which a killed process must not change. */
const maliciousCode = 11;
let registry: FakeRegistry;
let image: BuiltImage;
let home = '';
let cache = '';
let cold = '';
let coldMs = 0;
let runs = 0;

beforeAll(async () => {
  registry = await startFakeRegistry({ now: () => Date.now() });
  image = await imageToCache();
  registry.store.putImage('lab/app', '1', image);
  home = await mkdtemp(join(tmpdir(), 'lazaret-killed-'));
  const bad = createHash('sha256').update(`app\n${secret}`).digest('hex');
  await writeFile(join(home, 'deny'), `${bad}\n`);
  await writeFile(join(home, 'kill.mjs'), killAtWrite);
  cold = coldText(await finish(start({ words: ['--no-cache'] })));
  // The first has compiled the program for all others.
  const began = performance.now();
  await finish(start({ words: ['--no-cache'] }));
  coldMs = performance.now() - began;
});
beforeEach(() => {
  runs += 1;
  cache = join(home, `cache-${runs}`);
});
afterAll(async () => {
  await registry.close();
  await rm(home, { recursive: true, force: true });
});

/** Loaded into the program before anything else: ends it at one of its writes to the cache. */
const killAtWrite = `
import { DatabaseSync, StatementSync } from 'node:sqlite';
import { isMainThread } from 'node:worker_threads';
const { thread, sql, count, when } = JSON.parse(process.env.KILL);
let left = count;
function wrap(prototype, name, textOf) {
  const original = prototype[name];
  prototype[name] = function (...values) {
    const isIt = textOf(this, values).includes(sql) && (left -= 1) === 0;
    if (isIt && when === 'before') process.kill(process.pid, 'SIGKILL');
    const result = original.apply(this, values);
    if (isIt) process.kill(process.pid, 'SIGKILL');
    return result;
  };
}
if (isMainThread === (thread === 'main')) {
  wrap(StatementSync.prototype, 'run', (statement) => statement.sourceSQL);
  wrap(DatabaseSync.prototype, 'exec', (_, [text]) => text);
}
`;

interface KillPoint {
  readonly thread: 'main' | 'worker';
  readonly sql: string;
  /** The occurrence of the statement. */
  readonly count: number;
  readonly when: 'before' | 'after';
}

interface Running extends Started {
  readonly output: string;
}

let outputs = 0;

function start({
  words = [],
  kill,
}: { words?: readonly string[]; kill?: KillPoint } = {}): Running {
  outputs += 1;
  const output = join(home, `report-${outputs}.json`);
  const { host } = registry;
  const argv = [
    ...['inspect', `${host}/lab/app:1`, '--plain-http', host, '--files', '--cache-dir', cache],
    ...['--deny-list', join(home, 'deny'), '--output', `json=${output}`, ...words],
  ];
  const load = `--import ${pathToFileURL(join(home, 'kill.mjs')).href}`;
  const variables = {
    DOCKER_HOST: 'unix:///no/such/socket',
    ...(kill !== undefined && { KILL: JSON.stringify(kill), NODE_OPTIONS: load }),
  };
  return { ...startProgram(argv, { home, variables }), output };
}

async function finish({ finished, output }: Running): Promise<InspectionReport> {
  const { exitCode, stderr } = await finished;
  expect([exitCode, stderr]).toEqual([maliciousCode, '']);
  return inspectionReport.parse(JSON.parse(await readFile(output, 'utf8')));
}

/** Checks the output of the next one; returns the layers that it did not have to read. */
async function expectCold(): Promise<readonly string[]> {
  const report = await finish(start());
  expect(coldText(report)).toBe(cold);
  return report.layers.map(({ state }) => state);
}

async function expectKilled({ child, finished }: Running): Promise<void> {
  expect((await finished).exitCode).toBeNull();
  expect(child.signalCode).toBe('SIGKILL');
}

const atWrite: readonly (readonly [string, KillPoint])[] = [
  [
    'before the tables are created',
    { thread: 'main', sql: 'CREATE TABLE', count: 1, when: 'before' },
  ],
  [
    'in the transaction that creates them',
    { thread: 'main', sql: 'CREATE TABLE', count: 1, when: 'after' },
  ],
  ['when it is counted', { thread: 'main', sql: 'UPDATE counter', count: 1, when: 'before' }],
  [
    'when a thread is counted',
    { thread: 'worker', sql: 'UPDATE counter', count: 1, when: 'after' },
  ],
  [
    'inside a layer, at a scan result',
    { thread: 'worker', sql: 'INTO verdicts', count: 5, when: 'before' },
  ],
  [
    'before the first part is written',
    { thread: 'main', sql: 'INTO parts', count: 1, when: 'before' },
  ],
  ['after the first part', { thread: 'main', sql: 'INTO parts', count: 1, when: 'after' }],
  ['in the middle of the parts', { thread: 'main', sql: 'INTO parts', count: 20, when: 'after' }],
];

test.each(atWrite)('killed %s', async (_, kill) => {
  await expectKilled(start({ kill }));
  await expectCold();
  expect(await expectCold()).toEqual(['cached', 'cached']);
});

const whenKnown: readonly (readonly [string, KillPoint, readonly string[]])[] = [
  [
    'while it records what was used',
    { thread: 'main', sql: 'UPDATE parts', count: 5, when: 'after' },
    [],
  ],
  [
    'while it evicts the oldest',
    { thread: 'main', sql: 'DELETE FROM verdicts', count: 3, when: 'after' },
    ['--cache-size', '1B'],
  ],
  [
    'while it releases disk space',
    { thread: 'main', sql: 'incremental_vacuum', count: 1, when: 'before' },
    ['--cache-size', '1B'],
  ],
];

test.each(whenKnown)('killed at a cached image %s', async (_, kill, words) => {
  await finish(start());
  await expectKilled(start({ kill, words }));
  await expectCold();
});

const layerDigest = (at: number): string => image.layers[at]?.digest ?? '';

test.each([
  ['while it lists', () => image.configDigest],
  ['inside the first layer', () => layerDigest(0)],
  ['between two layers', () => layerDigest(1)],
] as const)('killed while a registry stalls, %s', async (phase, stalled) => {
  registry.faults.on('stalled-body', Number.POSITIVE_INFINITY, stalled());
  const before = registry.requests.length;
  const running = start();
  try {
    await expect
      .poll(() => registry.requests.slice(before).some(({ path }) => path.includes(stalled())))
      .toBe(true);
    if (phase === 'between two layers')
      await expect.poll(() => keptParts(layerDigest(0))).toBe(true);
    running.child.kill('SIGKILL');
    await expectKilled(running);
  } finally {
    registry.faults.off();
  }
  const expected = phase === 'between two layers' ? 'cached' : 'examined';
  expect(await expectCold()).toEqual([expected, 'examined']);
});

/** Whether the last part of a layer is stored, as seen by another process. */
function keptParts(digest: string): boolean {
  try {
    const database = new DatabaseSync(join(cache, 'analysis.db'), { readOnly: true });
    const found = database
      .prepare("SELECT 1 FROM parts WHERE digest = ? AND part = 'scanner:secrets'")
      .get(digest);
    database.close();
    return found !== undefined;
  } catch {
    // Not created yet.
    return false;
  }
}

test('kills at random moments never corrupt the cache', async () => {
  // Most of the time passes before the program has started its work.
  for (const part of isExhaustive
    ? [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]
    : [0.6, 0.75, 0.85]) {
    const running = start();
    await pause(coldMs * part);
    running.child.kill('SIGKILL');
    await running.finished;
  }
  await expectCold();
});

test('concurrent inspections of the same layers with an empty cache survive the kill of one', async () => {
  const several = Array.from({ length: 4 }, () => start());
  const victim = start({ kill: { thread: 'main', sql: 'INTO parts', count: 10, when: 'after' } });
  const reports = await Promise.all(several.map((running) => finish(running)));
  await expectKilled(victim);
  expect(reports.map(coldText)).toEqual(several.map(() => cold));
  expect(await expectCold()).toEqual(['cached', 'cached']);
});

test('an unusable cache is reported and changes nothing else', async () => {
  await writeFile(cache, 'a file in its place');
  const running = start();
  const { exitCode, stderr } = await running.finished;
  expect(exitCode).toBe(maliciousCode);
  expect(stderr).toMatch(/^warning: .*cache.*\n$/);
  const report = inspectionReport.parse(JSON.parse(await readFile(running.output, 'utf8')));
  expect(coldText(report)).toBe(cold);
});
