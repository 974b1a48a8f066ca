/** Stored images are inspected again when the newest report shows another configuration. */
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { createJudgingFixture, type JudgingFixture } from '../testing/judging-fixture.ts';
import { startWatchFixture, type WatchFixture } from '../testing/watch-fixture.ts';
import { decideArrivals } from './decide-arrivals.ts';
import { PolicySets } from './policy-set.ts';
import { countToReexamine, reexamineOutdated } from './reexamine.ts';

let lab: WatchFixture;
let judged: JudgingFixture;

beforeAll(async () => {
  lab = await startWatchFixture(inject('databaseUrl'));
  judged = await createJudgingFixture(lab.database);
});
afterAll(() => lab.close());

const requested = () =>
  lab.database
    .selectFrom('inspections')
    .select(['reference', 'priority', 'state'])
    .where('requested_by', '=', 'reexamination')
    .orderBy('id')
    .execute();

test('each outdated image once for a configuration, by digest and behind everything else', async () => {
  const old = await judged.arrive({ repository: 'lab/old' });
  const partial = await judged.arrive({ repository: 'lab/partial' });
  const current = await judged.arrive({ repository: 'lab/current' });
  const parts = { ...lab.parts, sets: new PolicySets() };
  while ((await decideArrivals(parts)).length > 0);
  expect(await reexamineOutdated(lab)).toBe(0);
  const set = (digest: string, config: string | null) =>
    sql`update images set scan_config_digest = ${config} where digest = ${digest}`.execute(
      lab.database,
    );
  await set(old.digest, 'signatures of yesterday');
  await set(partial.digest, null);
  await set(current.digest, 'signatures of today');
  expect(await reexamineOutdated(lab)).toBe(3);
  expect(await requested()).toEqual([
    {
      reference: `lab.example.test/lab/old:1@${old.digest}`,
      ...{ priority: 10, state: 'queued' },
    },
  ]);
  expect(await reexamineOutdated(lab)).toBe(0);
  // two inspectors with different signatures do not inspect everything in turn
  await set(current.digest, 'signatures of another inspector');
  expect(await reexamineOutdated(lab)).toBe(0);
  // meanwhile they wait, which the status says
  expect(await countToReexamine(lab.database, 'all')).toBe(3);
  expect(await countToReexamine(lab.database, ['other'])).toBe(0);
  await sql`update decisions_in_force set reexamined_at = now() - interval '1 day'`.execute(
    lab.database,
  );
  expect(await reexamineOutdated(lab)).toBe(3);
  expect(await requested()).toHaveLength(1);
});
