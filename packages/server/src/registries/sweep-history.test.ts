/** Retention: old arrivals and changes of tags go, what is current or referred to stays. */
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { idAt } from '../floor/ids.ts';
import { startWatchFixture, type WatchFixture } from '../testing/watch-fixture.ts';
import { watchLimits } from './limits.ts';
import { sweepHistory } from './sweep-history.ts';

const dayMs = 86_400_000;
const nowMs = Date.parse('2026-06-01T00:00:00Z');
const { signal } = new AbortController();
let lab: WatchFixture;
let registry = '';

beforeAll(async () => {
  lab = await startWatchFixture(inject('databaseUrl'));
});
afterAll(() => lab.close());
beforeEach(async () => {
  await lab.database.deleteFrom('registries').execute();
  registry = await lab.watch();
});

const parts = () => ({
  ...{ database: lab.database, now: () => nowMs },
  retention: { arrivalsMs: 100 * dayMs, historyMs: 30 * dayMs },
});

/** An arrival of a number of days ago, inspected and decided unless something else is said. */
async function arrive(
  daysAgo: number,
  about: {
    readonly tag?: string | null;
    readonly digest?: string;
    readonly state?: string;
    readonly decision?: string | null;
  } = {},
): Promise<string> {
  const { tag = '1', digest = 'sha256:a', state = 'inspected', decision = 'd' } = about;
  const id = idAt(nowMs - daysAgo * dayMs);
  await sql`insert into arrivals (id, project, registry, repository, tag, digest, source, priority,
      state, decision, settled_at)
    values (${id}, 'default', ${registry}, 'lab/app', ${tag}, ${digest}, 'poll', 20, ${state},
      ${decision}, now())`.execute(lab.database);
  return id;
}

async function remaining(): Promise<string[]> {
  const rows = await lab.database.selectFrom('arrivals').select('id').orderBy('id').execute();
  return rows.map(({ id }) => id);
}

test('an old arrival goes when its tag and its digest have a newer one', async () => {
  await arrive(300);
  await arrive(200);
  const kept = [await arrive(150), await arrive(90, { digest: 'sha256:b' })];
  expect(await sweepHistory(parts(), signal)).toEqual({ arrivals: 2, history: 0 });
  // The newest of the digest, and one that is not old.
  expect(await remaining()).toEqual(kept);
});

test('the newest arrival of a tag stays, however old it is', async () => {
  const kept = [await arrive(400, { tag: 'old' }), await arrive(300, { tag: 'new' })];
  expect(await sweepHistory(parts(), signal)).toMatchObject({ arrivals: 0 });
  expect(await remaining()).toEqual(kept);
});

test.each([
  ['it waits for its inspection', { state: 'waiting' }],
  ['it is being inspected', { state: 'inspecting' }],
  ['it waits for its decision', { decision: null }],
])('an old arrival stays while %s', async (_, about) => {
  const kept = [await arrive(300, about), await arrive(200)];
  await sweepHistory(parts(), signal);
  expect(await remaining()).toEqual(kept);
});

let decisions = 0;

async function insertDecision(arrival: string): Promise<string> {
  const id = `decision-${(decisions += 1)}`;
  await sql`insert into decisions (id, project, registry, registry_name, repository, digest, tags,
      arrival, trigger, policy_name, policy_version, policy_sha256, verdict, action, actions,
      reasons, images, rules, exceptions, approved_by, caused_by)
    values (${id}, 'default', ${registry}, 'lab', 'lab/app', 'sha256:a', '{1}', ${arrival},
      'arrival', 'p', 1, 'x', 'pass', 'none', '[]', '{}', '[]', '[]', '[]', '', 'watcher')`.execute(
    lab.database,
  );
  return id;
}

const references: Readonly<Record<string, (arrival: string) => Promise<unknown>>> = {
  'a decision': insertDecision,
  'the decision in force': async (arrival) => {
    const decision = await insertDecision('another');
    await sql`insert into decisions_in_force (registry, repository, digest, decision, verdict, action,
        project, arrival, is_part, images, outcome, revision)
      values (${registry}, 'lab/app', 'sha256:a', ${decision}, 'pass', 'none', 'default',
        ${arrival}, false, '{}', 'o', 1)`.execute(lab.database);
  },
  'a quarantined image': async () => {
    await sql`insert into quarantine_items (id, project, registry, registry_name, address, repository,
        digest, media_type, mode, state, reason, created_by, retained_until)
      values ('item', 'default', ${registry}, 'lab', 'x', 'lab/app', 'sha256:a', 'm', 'remove',
        'quarantined', 'r', 'ana', now())`.execute(lab.database);
  },
  'the tag': async (arrival) => {
    await sql`insert into registry_tags (registry, repository, tag, digest, present, arrival)
      values (${registry}, 'lab/app', '1', 'sha256:a', true, ${arrival})`.execute(lab.database);
  },
};

test.each(Object.keys(references))('what %s refers to stays', async (name) => {
  const [first] = [await arrive(300), await arrive(200)];
  await references[name]?.(first);
  expect(await sweepHistory(parts(), signal)).toMatchObject({ arrivals: 0 });
  expect(await remaining()).toContain(first);
});

test('changes of tags go, and the newest of each tag stays, in more than one batch', async () => {
  const count = watchLimits.sweepRows + 5;
  await sql`insert into registry_tag_history (registry, repository, tag, change, digest, source, at)
    select ${registry}, 'lab/app', 'tag-' || n % 2, 'moved', 'sha256:a', 'poll',
      ${new Date(nowMs)}::timestamptz - interval '40 days' + n * interval '1 second'
    from generate_series(1, ${count}) as n`.execute(lab.database);
  expect(await sweepHistory(parts(), signal)).toEqual({ arrivals: 0, history: count - 2 });
  const { rows } = await sql<{ tag: string }>`select tag from registry_tag_history
    where registry = ${registry} order by id`.execute(lab.database);
  expect(rows.map(({ tag }) => tag).toSorted()).toEqual(['tag-0', 'tag-1']);
  const aborted = AbortSignal.abort();
  expect(await sweepHistory(parts(), aborted)).toEqual({ arrivals: 0, history: 0 });
});
