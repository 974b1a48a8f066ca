/** Two watchers side by side, with the loops that a process runs. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { buildTiny, startWatchFixture, type WatchFixture } from '../testing/watch-fixture.ts';
import { openWatchedRegistry } from './connection.ts';
import { readRegistry, readWatched } from './store.ts';
import { startWatcher, type Watcher } from './watcher.ts';

let lab: WatchFixture;
const changes: string[] = [];

beforeAll(async () => {
  lab = await startWatchFixture(inject('databaseUrl'));
});
afterAll(() => lab.close());

function start(): Watcher {
  const retention = { arrivalsMs: 1e12, historyMs: 1e12 };
  return startWatcher({ ...lab.parts, retention, onChange: (id) => changes.push(id) });
}

async function fill(prefix: string, count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    lab.registry.store.putImage(`${prefix}-${at}`, '1', await buildTiny());
  }
}

test('two watchers record each tag once, also when one of them stops in the middle', async () => {
  await fill('lab/one', 40);
  const id = await lab.watch({ repositories: ['lab/one-*'], pollInterval: 1 });
  const first = start();
  const second = start();
  try {
    await expect
      .poll(async () => (await lab.history(id)).length, { timeout: 30_000, interval: 5 })
      .toBeGreaterThan(3);
    await first.stop();
    await expect
      .poll(async () => (await readRegistry(lab.database, id)).counts.tags, { timeout: 60_000 })
      .toBe(40);
  } finally {
    await Promise.all([first.stop(), second.stop()]);
  }
  const rows = await lab.database.selectFrom('arrivals').select('repository').execute();
  expect(rows).toHaveLength(40);
  expect(new Set(rows.map(({ repository }) => repository)).size).toBe(40);
  expect(await lab.history(id)).toHaveLength(40);
  expect(changes).toContain('arrivals');
}, 120_000);

test('a poll that uses up the rate leaves room for the request of a person', async () => {
  await lab.database.deleteFrom('registries').execute();
  await fill('lab/rated', 10);
  const id = await lab.watch({ repositories: ['lab/rated-*'], rates: ['10/1h'] });
  lab.registry.requests.length = 0;
  const watcher = start();
  try {
    await expect.poll(() => lab.registry.requests.length, { timeout: 30_000 }).toBe(8);
    const registry = await readWatched(lab.database, id);
    if (registry === undefined) throw new Error('the registry is gone');
    const { signal } = new AbortController();
    const opened = await openWatchedRegistry(registry, lab.parts, { signal, kind: 'interactive' });
    const answer = await opened.client.send({ path: '/v2/', repository: '', what: 'the API' });
    answer.drop();
    await opened.close();
    expect(answer.status).toBe(200);
    expect(lab.registry.requests).toHaveLength(9);
  } finally {
    await watcher.stop();
  }
}, 60_000);
