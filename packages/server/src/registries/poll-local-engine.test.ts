/** The images of the container engine of this machine, watched as a registry. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

import { writeTar } from '@lazaret/analysis';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { startWatchFixture, type WatchFixture } from '../testing/watch-fixture.ts';
import { inspectArrivals } from './inspect-arrivals.ts';

const run = promisify(execFile);
const repository = `lazaret-test/local-${process.pid}`;
let lab: WatchFixture;

beforeAll(async () => {
  lab = await startWatchFixture(inject('databaseUrl'));
});
afterAll(async () => {
  await run('docker', ['image', 'rm', '--force', `${repository}:1`]).catch(() => undefined);
  await lab.close();
});

/** Makes an image of one file; answers what the engine calls its ID. */
async function importImage(tag: string, text: string): Promise<string> {
  const docker = spawn('docker', ['import', '-', `${repository}:${tag}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let printed = '';
  docker.stdout.on('data', (bytes: Buffer) => (printed += bytes.toString()));
  for await (const chunk of writeTar([{ path: 'file', content: Buffer.from(text) }])) {
    docker.stdin.write(chunk);
  }
  docker.stdin.end();
  await once(docker, 'close');
  return printed.trim();
}

test('images of the engine appear, move and disappear, and are inspected by their ID', async () => {
  const first = await importImage('1', 'first');
  const id = await lab.watch(
    { kind: 'local', plainHttp: false, repositories: ['lazaret-test/*'] },
    'local.host',
  );
  expect(await lab.poll(id)).toMatchObject({ state: 'healthy', address: 'local' });
  const second = await importImage('1', 'second');
  await lab.poll(id);
  await inspectArrivals(lab.parts, new AbortController().signal);
  const inspections = await lab.database.selectFrom('inspections').select('reference').execute();
  expect(inspections.map(({ reference }) => reference).toSorted()).toEqual(
    [`docker:${first}`, `docker:${second}`].toSorted(),
  );
  await run('docker', ['image', 'rm', '--force', `${repository}:1`]);
  await lab.poll(id);
  expect(await lab.history(id)).toEqual([
    `appeared ${repository}:1`,
    `moved ${repository}:1`,
    `disappeared ${repository}:1`,
  ]);
});

test('an engine that does not answer makes nothing disappear', async () => {
  await lab.database.deleteFrom('registries').execute();
  await importImage('1', 'third');
  const id = await lab.watch(
    { kind: 'local', plainHttp: false, repositories: ['lazaret-test/*'] },
    'local',
  );
  expect((await lab.poll(id)).counts.tags).toBe(1);
  const { dockerHost } = lab.parts;
  Object.assign(lab.parts, { dockerHost: 'unix:///nonexistent.sock' });
  expect(await lab.poll(id)).toMatchObject({
    ...{ state: 'failing', counts: { tags: 1 } },
    problem: { code: 'unreachable' },
  });
  Object.assign(lab.parts, { dockerHost });
});
