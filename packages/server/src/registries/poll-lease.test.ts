/** Several watchers and one registry. */
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { buildTiny, startWatchFixture, type WatchFixture } from '../testing/watch-fixture.ts';
import { changeRegistry } from './change-registry.ts';
import { LeaseLostError, PollLease } from './poll-lease.ts';
import { pollRegistry } from './poll-registry.ts';
import { readRegistry, readWatched } from './store.ts';

let lab: WatchFixture;
let id = '';
const leases: PollLease[] = [];

beforeAll(async () => {
  lab = await startWatchFixture(inject('databaseUrl'));
});
beforeEach(async () => {
  for (const lease of leases.splice(0)) lease.close();
  await lab.database.deleteFrom('registries').execute();
  lab.registry.store.repositories.clear();
  lab.registry.store.putImage('lab/app', '1', await buildTiny());
  id = await lab.watch({ repositories: ['lab/*'] });
});
afterAll(async () => {
  for (const lease of leases) lease.close();
  await lab.close();
});

async function claim(): Promise<PollLease | undefined> {
  const lease = await PollLease.claim(lab.parts);
  if (lease !== undefined) leases.push(lease);
  return lease;
}

test('of many watchers at once, one polls the registry', async () => {
  const claimed = await Promise.all(Array.from({ length: 8 }, () => claim()));
  expect(claimed.filter((lease) => lease !== undefined)).toHaveLength(1);
  const { poll } = await readRegistry(lab.database, id);
  expect(poll.running).toBe(true);
});

test('a watcher that lost its lease writes nothing, and the next one does all', async () => {
  const slow = await claim();
  await sql`update registries set lease_until = now() - interval '1 second'`.execute(lab.database);
  const next = await claim();
  if (slow === undefined || next === undefined) throw new Error('no lease');
  const { signal } = new AbortController();
  await pollRegistry(lab.parts, slow, signal);
  expect(await lab.history(id)).toEqual([]);
  await expect(lab.database.transaction().execute((trx) => slow.check(trx))).rejects.toThrow(
    LeaseLostError,
  );
  await pollRegistry(lab.parts, next, signal);
  expect(await lab.history(id)).toEqual(['appeared lab/app:1']);
  expect(await readRegistry(lab.database, id)).toMatchObject({ state: 'healthy' });
});

test('a poll that was cut off by a kill is started again when its lease expires', async () => {
  const killed = await claim();
  killed?.close();
  expect(await claim()).toBeUndefined();
  await sql`update registries set lease_until = now() - interval '1 second'`.execute(lab.database);
  expect((await claim())?.registry.id).toBe(id);
});

test('a watcher that stops gives the registry back at once', async () => {
  const lease = await claim();
  if (lease === undefined) throw new Error('no lease');
  const stop = new AbortController();
  stop.abort(new Error('the watcher stops'));
  await pollRegistry(lab.parts, lease, stop.signal);
  expect((await claim())?.registry.id).toBe(id);
});

test('a change of the settings ends a running poll, and the next uses the new ones', async () => {
  const lease = await claim();
  const registry = await readWatched(lab.database, id);
  if (lease === undefined || registry === undefined) throw new Error('no lease');
  const { database, directory } = lab.parts;
  const context = { database, directory, actor: 'ana', source: 'api' } as const;
  await changeRegistry(registry, { repositories: ['none/*'] }, context);
  await pollRegistry(lab.parts, lease, new AbortController().signal);
  expect(await lab.history(id)).toEqual([]);
  const { counts } = await lab.poll(id);
  expect(counts.repositories).toBe(0);
});

test('the next poll is a tenth earlier or later than the interval, at random', async () => {
  const delays: number[] = [];
  for (const random of [0, 0.999, 0.5]) {
    await sql`update registries set next_poll_at = now(), fence = null`.execute(lab.database);
    const lease = await PollLease.claim({ ...lab.parts, random: () => random });
    lease?.close();
    const { poll } = await readRegistry(lab.database, id);
    delays.push(Date.parse(poll.nextAt) - Date.parse(poll.startedAt ?? ''));
  }
  expect(delays.map((ms) => Math.round(ms / 1_000))).toEqual([270, 330, 300]);
});
