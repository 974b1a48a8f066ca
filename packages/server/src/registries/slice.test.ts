/** What the list of missing parts says of registries. */
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { startWatchFixture, type WatchFixture } from '../testing/watch-fixture.ts';
import { listFailing, listUnwatched } from './slice.ts';

let lab: WatchFixture;

beforeAll(async () => {
  lab = await startWatchFixture(inject('databaseUrl'));
});
afterAll(() => lab.close());

test('a registry that fails is listed with its cause and the next attempt', async () => {
  const id = await lab.watch({ repositories: ['lab/app'] });
  expect(await listFailing(lab.database)).toEqual([]);
  lab.registry.faults.on('long-pause');
  await lab.poll(id);
  expect(await listFailing(lab.database)).toMatchObject([
    {
      part: 'registry lab-1',
      detail: expect.stringMatching(/^1 poll failed: .*\(rate_limited\); next at /),
      advice: 'Run `lazaret registries check lab-1`.',
    },
  ]);
});

test('registries that no process polls are listed with what to do', async () => {
  expect(await listUnwatched(lab.database)).toEqual([]);
  await sql`update registries set next_poll_at = now() - interval '3 minutes'`.execute(
    lab.database,
  );
  expect(await listUnwatched(lab.database)).toMatchObject([
    { part: 'watcher', detail: 'No process polls lab-1.' },
  ]);
});
