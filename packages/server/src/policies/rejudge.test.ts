/** Judging stored images again: progress, pauses, restarts, exceptions that end, new reports. */
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { sql } from 'kysely';

import { createTestDatabase, type TestDatabase } from '../testing/database.ts';
import { createJudgingFixture, infected, type JudgingFixture } from '../testing/judging-fixture.ts';
import { decideArrivals, type JudgingParts } from './decide-arrivals.ts';
import { inspectionReader } from './judging.ts';
import { PolicySets } from './policy-set.ts';
import { previewPolicy } from './preview.ts';
import { listDecisions, readDecisionInForce } from './read-decisions.ts';
import { judgeDue, readRejudge, rejudgeBatch, requestRejudge, setPaused } from './rejudge.ts';
import { addException, importVex, listExceptions, removeException } from './store-exceptions.ts';
import { applyPolicy, removePolicy } from './store-policies.ts';

let database: TestDatabase;
let lab: JudgingFixture;
let parts: JudgingParts;
const digests: string[] = [];
const images = 130;
const project = 'default';
const actor = 'ana';

/** `no-latest` fails every image; the built-in policy passes all clean ones. */
const strict = `
schema: lazaret-policy/1
name: strict
actions: { block: { enabled: true, dryRun: false } }
rules:
  - id: no-latest
    condition: context.repository.startsWith("lab/")
    message: all of the lab
    actions: [report, block]
`;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  const { db } = database.handle;
  lab = await createJudgingFixture(db);
  parts = { database: db, sets: new PolicySets(), now: Date.now };
  for (let at = 0; at < images; at += 1) {
    const { digest } = await lab.arrive({ repository: `lab/r${at}`, images: [{}] });
    digests.push(digest);
  }
  while ((await decideArrivals(parts)).length > 0);
});
afterAll(() => database.drop());
beforeEach(async () => {
  await removePolicy(parts.database, { project, name: 'strict', actor }).catch(() => undefined);
  await finish();
});

async function finish(): Promise<void> {
  while ((await rejudgeBatch(parts)) !== undefined);
}

const inForce = (at: number) =>
  readDecisionInForce(parts.database, {
    ...{ project, registry: lab.registry, repository: `lab/r${at}` },
    digest: digests[at] ?? '',
  });
const apply = (document: string) => applyPolicy(parts.database, { project, document, actor });
const count = async () =>
  (await listDecisions(parts.database, 'all', { limit: 1_000 })).items.length;

test('a policy that is applied judges stored images again, and only changes are new decisions', async () => {
  const before = await count();
  expect(await apply(strict)).toBe(true);
  expect(await readRejudge(parts.database, project)).toMatchObject({
    ...{ state: 'running', cause: 'policy strict version 1', total: images, judged: 0 },
  });
  expect(await rejudgeBatch(parts)).toBe(project);
  expect(await readRejudge(parts.database, project)).toMatchObject({ judged: 100, changed: 100 });
  // the newest first
  expect(await inForce(images - 1)).toMatchObject({ action: 'block', policy: 'strict' });
  expect(await inForce(0)).toMatchObject({ action: 'none', policy: 'default' });
  await finish();
  expect(await readRejudge(parts.database, project)).toMatchObject({
    ...{ state: 'idle', judged: images, changed: images, total: images },
  });
  expect(await inForce(0)).toMatchObject({
    ...{
      action: 'block',
      trigger: 'policy',
      causedBy: actor,
      reasons: ['no-latest: all of the lab'],
    },
  });
  expect(await count()).toBe(before + images);
  // another version with the same result
  expect(await apply(`${strict}# comment\n`)).toBe(true);
  await finish();
  expect(await readRejudge(parts.database, project)).toMatchObject({ judged: images, changed: 0 });
  expect(await count()).toBe(before + images);
  expect(await apply(`${strict}# comment\n`)).toBe(false);
});

test('judging again is paused, stays paused over a restart and a change, and continues', async () => {
  await apply(strict);
  await rejudgeBatch(parts);
  await setPaused(parts.database, project, true);
  const restarted = { ...parts, sets: new PolicySets() };
  expect(await rejudgeBatch(restarted)).toBeUndefined();
  expect(await readRejudge(parts.database, project)).toMatchObject({
    state: 'paused',
    judged: 100,
  });
  await apply(strict.replace('all of the lab', 'everything'));
  expect(await rejudgeBatch(restarted)).toBeUndefined();
  await setPaused(parts.database, project, false);
  while ((await rejudgeBatch(restarted)) !== undefined);
  expect(await inForce(0)).toMatchObject({ reasons: ['no-latest: everything'] });
  await expect(setPaused(parts.database, project, true)).rejects.toThrow('not being judged');
});

test('a batch that does not commit is repeated, and nothing is counted twice', async () => {
  await apply(strict);
  const dying: JudgingParts = {
    ...parts,
    now: () => {
      throw new Error('killed');
    },
  };
  await expect(rejudgeBatch(dying)).rejects.toThrow('killed');
  await finish();
  expect(await readRejudge(parts.database, project)).toMatchObject({
    ...{ state: 'idle', judged: images, changed: images },
  });
});

test('an arrival that was decided at the moment of the change is judged again', async () => {
  await requestRejudge(parts.database, { project, actor });
  await rejudgeBatch(parts);
  const { digest } = await lab.arrive({ repository: 'lab/racing' });
  await decideArrivals(parts);
  await sql`update decisions_in_force set revision = 0 where digest = ${digest}`.execute(
    parts.database,
  );
  await finish();
  const { rows } = await sql`select from decisions_in_force where revision = 0`.execute(
    parts.database,
  );
  expect(rows).toEqual([]);
});

test('an exception acts until it ends, and no request is needed then', async () => {
  await apply(strict);
  await finish();
  const expires = new Date(Date.now() + 3_600_000).toISOString();
  const exception = {
    ...{ project, actor, owner: 'sec', reason: 'pilot', expires },
    match: { rule: 'no-latest', image: digests[5] ?? '' },
  };
  const id = await addException(parts.database, exception, { nowMs: Date.now() });
  await finish();
  expect(await inForce(5)).toMatchObject({ action: 'none', trigger: 'exception' });
  expect(await inForce(6)).toMatchObject({ action: 'block' });
  expect(await judgeDue(parts)).toBe(false);
  const later = { ...parts, now: () => Date.now() + 7_200_000 };
  await sql`update decisions_in_force set due_at = now() where due_at is not null`.execute(
    parts.database,
  );
  expect(await judgeDue(later)).toBe(true);
  expect(await inForce(5)).toMatchObject({ action: 'block', trigger: 'expiry' });
  await removeException(parts.database, { id, scope: 'all', actor });
  const { items } = await listExceptions(parts.database, 'all', { limit: 5, state: ['removed'] });
  expect(items).toMatchObject([{ id, removedBy: actor, reason: 'pilot', owner: 'sec' }]);
  await expect(
    addException(parts.database, { ...exception, expires: '2020-01-01' }, { nowMs: Date.now() }),
  ).rejects.toThrow('in the future');
});

test('a VEX document is imported as exceptions, and replaced when it is imported again', async () => {
  const document = JSON.stringify({
    '@context': 'https://openvex.dev/ns/v0.2.0',
    statements: [
      {
        vulnerability: { name: 'CVE-2024-1' },
        products: [{ '@id': 'pkg:deb/debian/openssl' }],
        status: 'not_affected',
        justification: 'vulnerable_code_not_present',
      },
      { vulnerability: { name: 'CVE-2024-2' }, products: [], status: 'affected' },
    ],
  });
  const request = { project, actor, owner: 'sec', expires: '2099-01-01', name: 'vendor' };
  const now = { nowMs: Date.now() };
  const first = await importVex(parts.database, { ...request, document }, now);
  expect(first).toMatchObject({
    added: 1,
    replaced: 0,
    notes: [expect.stringContaining('affected')],
  });
  expect(await importVex(parts.database, { ...request, document }, now)).toMatchObject({
    replaced: 1,
  });
  const listed = await listExceptions(parts.database, 'all', { limit: 5, source: 'vendor' });
  expect(listed.items).toMatchObject([
    { match: { vulnerability: 'CVE-2024-1' }, state: 'in-force' },
  ]);
  await expect(importVex(parts.database, { ...request, document: '{}' }, now)).rejects.toThrow(
    'neither OpenVEX',
  );
});

test('a new report of an image is judged, also that of an inspection on request', async () => {
  const digest = digests[7] ?? '';
  const inspection = await lab.store(digest, infected);
  await parts.database
    .transaction()
    .execute((open) =>
      inspectionReader().handle(
        [{ project, subject: digest }] as unknown as Parameters<
          ReturnType<typeof inspectionReader>['handle']
        >[0],
        open,
      ),
    );
  expect(await judgeDue(parts)).toBe(true);
  expect(await inForce(7)).toMatchObject({
    ...{ verdict: 'fail', inspected: 'malicious', trigger: 'inspection' },
  });
  expect(inspection).toHaveLength(16);
  expect(await judgeDue(parts)).toBe(false);
});

test('what would change is shown without changing anything', async () => {
  const before = await count();
  const { signal } = new AbortController();
  const preview = await previewPolicy(parts, { project, document: strict, images: 50, signal });
  expect(preview).toMatchObject({ judged: 50, changed: 50, skipped: 0 });
  expect(preview.counts).toContainEqual({ before: 'pass none', after: 'fail block', images: 50 });
  expect(preview.changes[0]).toMatchObject({
    after: { policy: 'strict', action: 'block', reasons: ['no-latest: all of the lab'] },
  });
  expect(await count()).toBe(before);
  // another policy with the same result is not a change of the image
  const same =
    'schema: lazaret-policy/1\nname: same\npriority: 9\nrules: [{ id: a, condition: "false" }]\n';
  const unchanged = await previewPolicy(parts, { project, document: same, images: 50, signal });
  expect(unchanged).toMatchObject({ changed: 0, reasonsOnly: 50, counts: [], changes: [] });
  const bad = previewPolicy(parts, { project, document: 'a: 1', images: 1, signal });
  await expect(bad).rejects.toThrow('not a valid policy');
});
