/** Decisions about arrivals: from stored reports, once each, whatever ended in between. */
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { createJudgingFixture, infected, type JudgingFixture } from '../testing/judging-fixture.ts';
import { decideArrivals, type JudgingParts } from './decide-arrivals.ts';
import { PolicySets } from './policy-set.ts';
import { listDecisions, readDecision, readDecisionInForce } from './read-decisions.ts';

let database: TestDatabase;
let lab: JudgingFixture;
let parts: JudgingParts;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  const { db } = database.handle;
  lab = await createJudgingFixture(db);
  parts = { database: db, sets: new PolicySets(), now: Date.now };
});
afterAll(() => database.drop());

const inForce = (digest: string, repository = 'lab/app') =>
  readDecisionInForce(parts.database, {
    ...{ project: 'default', registry: lab.registry, repository, digest },
  });

test('a settled arrival gets a decision of the built-in policy, with its evidence', async () => {
  const { id, digest } = await lab.arrive({ images: [infected] });
  expect(await decideArrivals(parts)).toEqual([id]);
  const found = await inForce(digest);
  expect(found).toMatchObject({
    ...{ registry: 'lab', repository: 'lab/app', digest, tags: ['1'], arrival: id },
    ...{ policy: 'default', policyVersion: 0, trigger: 'arrival', approvedBy: 'policy' },
    ...{ inspected: 'malicious', verdict: 'fail', action: 'notify', inForce: true },
    own: { verdict: 'fail', action: 'notify' },
  });
  expect(found?.actions).toMatchObject([
    { action: 'report', state: 'apply' },
    { action: 'notify', state: 'apply', perHour: 60 },
    { action: 'attach', state: 'dry-run' },
    { action: 'block', state: 'dry-run', perHour: 20 },
    { action: 'quarantine', state: 'dry-run', reason: 'actions.quarantine.dryRun is true' },
  ]);
  const detail = await readDecision(parts.database, 'all', found?.id ?? '');
  expect(detail.rules).toMatchObject([
    { id: 'malware', state: 'matched', evidence: [{ from: 'findings', total: 1 }] },
  ]);
  expect(detail.rules[0]?.evidence[0]?.items).toMatchObject([{ path: 'usr/bin/x', layer: 0 }]);
  expect(detail.images).toMatchObject([{ digest, inspected: 'malicious', verdict: 'fail' }]);
  const arrival = await parts.database
    .selectFrom('arrivals')
    .select(['decision', 'action'])
    .where('id', '=', id)
    .executeTakeFirst();
  expect(arrival).toEqual({ decision: found?.id, action: 'notify' });
});

test('two watchers decide about each arrival once, and each decision is an event', async () => {
  for (let tag = 0; tag < 8; tag += 1) await lab.arrive({ repository: `lab/r${tag}` });
  const decided = await Promise.all([decideArrivals(parts), decideArrivals(parts)]);
  expect(decided.flat()).toHaveLength(8);
  expect(await decideArrivals(parts)).toEqual([]);
  const { items } = await listDecisions(parts.database, 'all', { limit: 200, action: ['none'] });
  expect(items).toHaveLength(8);
  const events = await parts.database
    .selectFrom('events')
    .select('subject')
    .where('type', '=', 'decision.recorded')
    .execute();
  expect(events.map(({ subject }) => subject)).toEqual(
    expect.arrayContaining(items.map(({ id }) => id)),
  );
});

test('a process that is killed before the commit leaves the arrival to the next one', async () => {
  const { id, digest } = await lab.arrive({ repository: 'lab/killed' });
  const killed = new Error('killed');
  const dying: JudgingParts = {
    ...parts,
    now: () => {
      throw killed;
    },
  };
  await expect(decideArrivals(dying)).rejects.toBe(killed);
  expect(await inForce(digest, 'lab/killed')).toBeUndefined();
  expect(await decideArrivals(parts)).toEqual([id]);
  expect(await inForce(digest, 'lab/killed')).toMatchObject({ verdict: 'pass', action: 'none' });
});

test('an inspection that failed is never passed and calls for nothing destructive', async () => {
  const failure = { code: 'unreachable', detail: 'connection refused' };
  const { digest } = await lab.arrive({ repository: 'lab/failed', images: [], failure });
  await decideArrivals(parts);
  expect(await inForce(digest, 'lab/failed')).toMatchObject({
    ...{ verdict: 'incomplete', action: 'none', actions: [], inspected: null },
    reasons: ['the inspection failed: connection refused (unreachable)'],
  });
});

test('an image of an index has a verdict of its own, and the index the worst', async () => {
  const { digest } = await lab.arrive({ repository: 'lab/index', images: [{}, infected] });
  await decideArrivals(parts);
  const whole = await inForce(digest, 'lab/index');
  expect(whole).toMatchObject({ verdict: 'fail', own: { verdict: 'fail' } });
  const { images } = await readDecision(parts.database, 'all', whole?.id ?? '');
  const own = await Promise.all(images.map((image) => inForce(image.digest, 'lab/index')));
  expect(own.map((one) => one?.own.verdict)).toEqual(['pass', 'fail']);
  expect(own.map((one) => one?.id)).toEqual([whole?.id, whole?.id]);
});

test('decisions cannot be changed', async () => {
  const change = parts.database.updateTable('decisions').set({ verdict: 'pass' }).execute();
  await expect(change).rejects.toThrow('append-only');
});

test('the decision in force is read by two primary keys', async () => {
  const { digest } = await lab.arrive({ repository: 'lab/fast' });
  await decideArrivals(parts);
  expect(await inForce(digest, 'lab/fast')).toBeDefined();
  const plan = await parts.database.transaction().execute(async (trx) => {
    await sql`set local enable_seqscan = off`.execute(trx);
    const { rows } = await sql<Record<string, string>>`explain select * from decisions_in_force f
      join decisions d on d.id = f.decision where f.registry = ${lab.registry}
      and f.repository = 'lab/fast' and f.digest = ${digest}`.execute(trx);
    return rows.flatMap((row) => Object.values(row)).join('\n');
  });
  expect(plan).toContain('decisions_in_force_pkey');
  expect(plan).toContain('decisions_pkey');
  expect(plan).not.toContain('Filter');
});
