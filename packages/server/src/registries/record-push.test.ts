/** Reported pushes, repeated, reordered, late, racing with polls; reported deletions. */
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { buildTiny, startWatchFixture, type WatchFixture } from '../testing/watch-fixture.ts';
import { listHistory } from './read-tags.ts';
import { recordDeletion, type Deletion } from './record-deletion.ts';
import { recordPush, type Push, type PushResult } from './record-push.ts';
import { readWatched } from './store.ts';
import { verifyTags } from './verify-tags.ts';

let lab: WatchFixture;
let id = '';
const signal = new AbortController().signal;

beforeAll(async () => {
  lab = await startWatchFixture(inject('databaseUrl'));
});
beforeEach(async () => {
  await lab.database.deleteFrom('registries').execute();
  lab.registry.faults.off();
  lab.registry.store.repositories.clear();
  id = await lab.watch({ repositories: ['lab/*'], excludeTags: ['*-cache'] });
});
afterAll(() => lab.close());

async function push(repository: string, tag: string): Promise<string> {
  const image = await buildTiny();
  lab.registry.store.putImage(repository, tag, image);
  return image.descriptor.digest;
}

async function report(given: Omit<Push, 'source'>): Promise<PushResult> {
  const registry = await readWatched(lab.database, id);
  if (registry === undefined) throw new Error('the registry is gone');
  return recordPush(lab.parts, registry, { source: 'webhook', ...given });
}

async function arrivals(): Promise<string[]> {
  const rows = await lab.database
    .selectFrom('arrivals')
    .select(['source', 'tag', 'digest'])
    .orderBy('id')
    .execute();
  return rows.map(({ source, tag, digest }) => `${source} ${tag} ${digest}`);
}

async function currentDigest(repository: string, tag: string): Promise<string | null> {
  const row = await lab.database
    .selectFrom('registry_tags')
    .select('digest')
    .where('repository', '=', repository)
    .where('tag', '=', tag)
    .executeTakeFirst();
  return row?.digest ?? null;
}

test('the same event 14 times, at once and racing with polls, is one arrival', async () => {
  const digest = await push('lab/app', '1');
  const event = { repository: 'lab/app', tag: '1', digest, eventId: 'e-1' };
  const results = await Promise.all([
    ...Array.from({ length: 14 }, () => report(event)),
    lab.poll(id).then(() => undefined),
  ]);
  const outcomes = results.flatMap((one) => one?.outcome ?? []);
  expect(outcomes.filter((outcome) => outcome === 'recorded').length).toBeLessThanOrEqual(1);
  expect(await arrivals()).toHaveLength(1);
  await lab.poll(id);
  await verifyTags(lab.parts, signal);
  expect((await report(event)).outcome).toBe('known');
  expect(await arrivals()).toHaveLength(1);
  expect(await lab.history(id)).toEqual(['appeared lab/app:1']);
});

test('a tag that moves from A to B and back to A between polls is three arrivals', async () => {
  const a = await push('lab/app', '1');
  const events = [a, await push('lab/app', '1'), a];
  lab.registry.store.repository('lab/app').tags.set('1', a);
  for (const [at, digest] of events.entries()) {
    const pushedAt = new Date(Date.UTC(2026, 0, 1, 0, 0, at)).toISOString();
    await report({ repository: 'lab/app', tag: '1', digest, eventId: `e-${at}`, pushedAt });
  }
  await verifyTags(lab.parts, signal);
  await lab.poll(id);
  expect((await arrivals()).map((one) => one.split(' ')[2])).toEqual(events);
  expect(await lab.history(id)).toEqual([
    'appeared lab/app:1',
    'moved lab/app:1',
    'moved lab/app:1',
  ]);
});

test('an event that comes late is inspected, and the tag stays at the later one', async () => {
  const older = await push('lab/app', '1');
  const newer = await push('lab/app', '1');
  const shared = { repository: 'lab/app', tag: '1' };
  await report({ ...shared, digest: newer, eventId: 'b', pushedAt: '2026-01-01T00:00:09Z' });
  const late = { ...shared, digest: older, eventId: 'a', pushedAt: '2026-01-01T00:00:01Z' };
  expect((await report(late)).outcome).toBe('recorded');
  expect(await currentDigest('lab/app', '1')).toBe(newer);
  expect(await arrivals()).toHaveLength(2);
});

test('a wrong order without times is corrected by reading the tag', async () => {
  const older = await push('lab/app', '1');
  const newer = await push('lab/app', '1');
  await report({ repository: 'lab/app', tag: '1', digest: newer, eventId: 'b' });
  await report({ repository: 'lab/app', tag: '1', digest: older, eventId: 'a' });
  expect(await currentDigest('lab/app', '1')).toBe(older);
  await verifyTags(lab.parts, signal);
  expect(await currentDigest('lab/app', '1')).toBe(newer);
});

test('a report without a digest is resolved at the registry, under its own event', async () => {
  const digest = await push('lab/hub', 'latest');
  const event = { repository: 'lab/hub', tag: 'latest', eventId: 'h-1', actor: 'ana' };
  expect(await report(event)).toMatchObject({ outcome: 'resolving', arrival: undefined });
  expect(await verifyTags(lab.parts, signal)).toBe(1);
  expect(await arrivals()).toEqual([`webhook latest ${digest}`]);
  expect((await report(event)).outcome).toBe('known');
  await lab.poll(id);
  expect(await arrivals()).toHaveLength(1);
});

test.each(['with', 'without'])(
  'an older image that was skipped is inspected when it is pushed again, %s its digest',
  async (how) => {
    await lab.database.deleteFrom('registries').execute();
    id = await lab.watch({ repositories: ['lab/*'], backlog: 0 });
    const digest = await push('lab/old', '1');
    await lab.poll(id);
    expect(await arrivals()).toEqual([]);
    await report({ repository: 'lab/old', tag: '1', ...(how === 'with' && { digest }) });
    await verifyTags(lab.parts, signal);
    await verifyTags(lab.parts, signal);
    expect(await arrivals()).toEqual([`webhook 1 ${digest}`]);
    expect(await lab.history(id)).toEqual(['appeared lab/old:1']);
  },
);

test('a report of a tag that cannot be read yet is tried again, and found by a poll', async () => {
  await push('lab/slow', '0');
  await report({ repository: 'lab/slow', tag: '1', eventId: 's-1' });
  await verifyTags(lab.parts, signal);
  expect(await verifyTags(lab.parts, signal)).toBe(0);
  const digest = await push('lab/slow', '1');
  await lab.poll(id);
  expect(await arrivals()).toContain(`webhook 1 ${digest}`);
});

test('a manifest that is pushed by digest arrives once, without a tag', async () => {
  const digest = await push('lab/child', 'x');
  const one = { repository: 'lab/child', digest };
  expect((await report({ ...one, eventId: 'c-1' })).outcome).toBe('recorded');
  expect((await report({ ...one, eventId: 'c-2' })).outcome).toBe('known');
  expect(await arrivals()).toEqual([`webhook null ${digest}`]);
});

async function reportDeletion(given: Omit<Deletion, 'repository'>) {
  const registry = await readWatched(lab.database, id);
  if (registry === undefined) throw new Error('the registry is gone');
  return recordDeletion(lab.database, registry, { repository: 'lab/gone', ...given });
}

/** Two tags of one image and another one; answers the digest of the two. */
async function pushThree(): Promise<string> {
  const digest = await push('lab/gone', '1');
  lab.registry.store.repository('lab/gone').tags.set('stable', digest);
  await push('lab/gone', 'other');
  await lab.poll(id);
  return digest;
}

/** Those of `lab/gone`, whose number the repository has. */
async function presentTags(): Promise<string[]> {
  const { tags } = await lab.database
    .selectFrom('registry_repositories')
    .select('tags')
    .where('name', '=', 'lab/gone')
    .executeTakeFirstOrThrow();
  const rows = await lab.database
    .selectFrom('registry_tags')
    .select('tag')
    .where('present', '=', true)
    .where('repository', '=', 'lab/gone')
    .orderBy('tag')
    .execute();
  expect(tags).toBe(rows.length);
  return rows.map(({ tag }) => tag);
}

test('a reported deletion is recorded at once when the registry confirms it', async () => {
  const digest = await pushThree();
  const repository = lab.registry.store.repository('lab/gone');
  repository.manifests.delete(digest);
  expect(await reportDeletion({ digest, actor: 'ana' })).toEqual({
    ...{ outcome: 'resolving', detail: '2 tags looked up in the registry' },
  });
  expect(await verifyTags(lab.parts, signal)).toBe(2);
  expect(await presentTags()).toEqual(['other']);
  const { items } = await listHistory(lab.database, id, { limit: 2 });
  expect(items).toMatchObject([
    { change: 'disappeared', previous: digest, source: 'webhook', actor: 'ana' },
    { change: 'disappeared', previous: digest, source: 'webhook', actor: 'ana' },
  ]);
  expect((await reportDeletion({ digest })).outcome).toBe('ignored');
  // Pushed again, it is an arrival.
  await push('lab/gone', '1');
  await lab.poll(id);
  expect(await presentTags()).toEqual(['1', 'other']);
});

test('a deletion that did not happen changes nothing, of a tag or of the repository', async () => {
  await pushThree();
  expect((await reportDeletion({ tag: '1' })).outcome).toBe('resolving');
  expect((await reportDeletion({})).detail).toBe('3 tags looked up in the registry');
  expect(await verifyTags(lab.parts, signal)).toBe(3);
  expect(await presentTags()).toEqual(['1', 'other', 'stable']);
  expect(await verifyTags(lab.parts, signal)).toBe(0);
  expect((await reportDeletion({ tag: 'unknown' })).outcome).toBe('ignored');
});

test('a push that is recorded while the registry is asked about a deletion keeps the tag', async () => {
  const digest = await pushThree();
  await reportDeletion({ tag: '1' });
  const { lockRepository, readNow, recordDeletedTag } = await import('./apply-tags.ts');
  const registry = await readWatched(lab.database, id);
  if (registry === undefined) throw new Error('the registry is gone');
  await report({ repository: 'lab/gone', tag: '1', digest, eventId: 'g-1' });
  const observedAt = await readNow(lab.database);
  const context = { registry, repository: 'lab/gone', source: 'poll', observedAt } as const;
  await lab.database.transaction().execute(async (trx) => {
    await lockRepository(trx, context);
    await recordDeletedTag(trx, context, { tag: '1', deletion: {} });
  });
  expect(await presentTags()).toEqual(['1', 'other', 'stable']);
});

test('"not found" alone does not confirm a deletion, a complete list without the tag does', async () => {
  await pushThree();
  // As registries answer while a permission is missing.
  lab.registry.faults.on('hidden-manifest');
  await reportDeletion({ tag: '1' });
  await verifyTags(lab.parts, signal);
  expect(await presentTags()).toEqual(['1', 'other', 'stable']);
  lab.registry.store.repository('lab/gone').tags.delete('1');
  await reportDeletion({ tag: '1' });
  await verifyTags(lab.parts, signal);
  expect(await presentTags()).toEqual(['other', 'stable']);
});

test.each([
  [{ repository: 'other/app', tag: '1' }, 'the repository is not watched'],
  [{ repository: 'lab/app', tag: 'x-cache' }, 'the tag is not watched'],
  [{ repository: 'lab/app' }, 'neither tag nor digest is given'],
])('what the settings exclude is ignored with the reason: %j', async (given, detail) => {
  expect(await report(given)).toMatchObject({ outcome: 'ignored', detail });
  expect(await arrivals()).toEqual([]);
});

test.each([
  ['with', true],
  ['without', false],
])('an answer that is older than a push reported %s its digest changes nothing', async (_, has) => {
  const before = await push('lab/race', '1');
  await lab.poll(id);
  const after = await push('lab/race', '1');
  const { applyTags, lockRepository, readNow } = await import('./apply-tags.ts');
  const observedAt = await readNow(lab.database);
  await report({ repository: 'lab/race', tag: '1', ...(has && { digest: after }), eventId: 'r-1' });
  const registry = await readWatched(lab.database, id);
  if (registry === undefined) throw new Error('the registry is gone');
  const context = { registry, repository: 'lab/race', source: 'poll', observedAt } as const;
  const applied = await lab.database.transaction().execute(async (trx) => {
    await lockRepository(trx, context);
    return applyTags(trx, context, [{ tag: '1', digest: before, inspect: true }]);
  });
  expect(applied).toMatchObject([{ change: 'outdated' }]);
  await verifyTags(lab.parts, signal);
  expect(await currentDigest('lab/race', '1')).toBe(after);
});
