/** Polls of a registry: what is found, and what failures must not look like. */
import { writeFile } from 'node:fs/promises';

import { buildImage, buildIndex } from '@lazaret/analysis/testing';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import type { ProjectScope } from '../floor/principal.ts';
import { withWholeDigest } from './complete-digest.ts';
import { listHistory } from './read-tags.ts';
import { buildTiny, startWatchFixture, type WatchFixture } from '../testing/watch-fixture.ts';

let lab: WatchFixture;

beforeAll(async () => {
  lab = await startWatchFixture(inject('databaseUrl'));
});
beforeEach(async () => {
  await lab.database.deleteFrom('registries').execute();
  lab.registry.faults.off();
  lab.registry.store.repositories.clear();
  lab.registry.requests.length = 0;
});
afterAll(() => lab.close());

async function push(repository: string, tag: string): Promise<string> {
  const image = await buildTiny();
  lab.registry.store.putImage(repository, tag, image);
  return image.descriptor.digest;
}

function arrivalsOf(repository: string) {
  return lab.database
    .selectFrom('arrivals')
    .select(['tag', 'digest', 'source', 'priority'])
    .where('repository', '=', repository)
    .orderBy('id')
    .execute();
}

test('a tag that is pushed, moved, moved back and deleted is an arrival for each move', async () => {
  const first = await push('lab/app', '1');
  const id = await lab.watch({ repositories: ['lab/*'] });
  expect(await lab.poll(id)).toMatchObject({ state: 'healthy', problem: null });
  const second = await push('lab/app', '1');
  await lab.poll(id);
  lab.registry.store.repository('lab/app').tags.set('1', first);
  await lab.poll(id);
  await lab.poll(id);
  lab.registry.store.repository('lab/app').tags.delete('1');
  const after = await lab.poll(id);
  expect(await lab.history(id)).toEqual([
    'appeared lab/app:1',
    'moved lab/app:1',
    'moved lab/app:1',
    'disappeared lab/app:1',
  ]);
  expect(await arrivalsOf('lab/app')).toMatchObject([
    { digest: first, source: 'backlog' },
    { digest: second, source: 'poll' },
    { digest: first, source: 'poll' },
  ]);
  expect(after.counts).toMatchObject({ repositories: 1, tags: 0, waiting: 3 });
  lab.registry.store.repository('lab/app').tags.set('1', first);
  await lab.poll(id);
  const { items } = await listHistory(lab.database, id, { limit: 2 });
  expect(items).toMatchObject([
    // pushed again: the same digest is not a previous one
    { change: 'appeared', digest: first, previous: null },
    { change: 'disappeared', digest: null, previous: first },
  ]);
});

test('each change is an event in the transaction that records it', async () => {
  const digest = await push('lab/events', '1');
  const id = await lab.watch({ repositories: ['lab/events'] });
  await lab.poll(id);
  const events = await lab.database
    .selectFrom('events')
    .select(['type', 'subject', 'data'])
    .where('subject', 'like', '%lab/events%')
    .execute();
  const subject = `${lab.registry.host}/lab/events:1`;
  expect(events).toMatchObject([{ type: 'tag.appeared', subject, data: { digest } }]);
});

test('a listing that fails half way removes nothing', async () => {
  for (let tag = 0; tag < 450; tag += 1) {
    if (tag === 0) await push('lab/many', 't000');
    const digest = lab.registry.store.repository('lab/many').tags.get('t000') ?? '';
    const name = `t${String(tag).padStart(3, '0')}`;
    lab.registry.store.repository('lab/many').tags.set(name, digest);
  }
  const id = await lab.watch({ repositories: ['lab/many'] });
  expect((await lab.poll(id)).counts.tags).toBe(450);
  lab.registry.faults.on('broken-page');
  const failed = await lab.poll(id);
  expect(failed).toMatchObject({ state: 'degraded', counts: { tags: 450 } });
  expect(failed.problem?.detail).toContain('lab/many');
  expect(await lab.history(id)).not.toContainEqual(expect.stringMatching(/^disappeared/));
});

test('a tag whose manifest call fails is not taken for a deleted one', async () => {
  const digest = await push('lab/refused', '1');
  await push('lab/refused', '2');
  const id = await lab.watch({ repositories: ['lab/refused'] });
  await lab.poll(id);
  lab.registry.faults.on('refused-manifest', Number.POSITIVE_INFINITY, digest);
  const failed = await lab.poll(id);
  expect(failed).toMatchObject({ state: 'degraded', counts: { tags: 2 } });
  expect(failed.problem).toMatchObject({ code: 'unauthorized' });
  expect(failed.problem?.detail).toContain('tag 1');
  lab.registry.faults.off();
  expect(await lab.poll(id)).toMatchObject({ state: 'healthy', counts: { problems: 0 } });
  expect(await lab.history(id)).toHaveLength(2);
});

test('a catalog that fails hides no repository that is known', async () => {
  await push('lab/one', '1');
  const id = await lab.watch({ repositories: ['**'] });
  await lab.poll(id);
  lab.registry.faults.on('no-catalog');
  const moved = await push('lab/one', '1');
  const failed = await lab.poll(id);
  expect(failed).toMatchObject({ state: 'degraded', counts: { repositories: 1, tags: 1 } });
  expect(failed.problem?.detail).toContain('name repositories without wildcards');
  expect((await arrivalsOf('lab/one')).at(-1)?.digest).toBe(moved);
});

test('a repository that the registry denies once is gone only when it says so twice', async () => {
  await push('lab/gone', '1');
  const id = await lab.watch({ repositories: ['lab/gone'] });
  await lab.poll(id);
  const kept = lab.registry.store.repositories.get('lab/gone');
  lab.registry.store.repositories.delete('lab/gone');
  expect((await lab.poll(id)).counts.tags).toBe(1);
  expect(await lab.history(id)).toEqual(['appeared lab/gone:1']);
  if (kept !== undefined) lab.registry.store.repositories.set('lab/gone', kept);
  await lab.poll(id);
  lab.registry.store.repositories.delete('lab/gone');
  await lab.poll(id);
  await lab.poll(id);
  expect(await lab.history(id)).toEqual(['appeared lab/gone:1', 'disappeared lab/gone:1']);
});

test('a registry that cannot be reached changes nothing and is asked less and less', async () => {
  await push('lab/down', '1');
  const id = await lab.watch({ repositories: ['**'] });
  await lab.poll(id);
  lab.registry.faults.on('flapping');
  const delays: number[] = [];
  for (let failures = 1; failures <= 4; failures += 1) {
    lab.registry.requests.length = 0;
    const failed = await lab.poll(id);
    expect(failed).toMatchObject({ state: 'failing', poll: { failures }, counts: { tags: 1 } });
    expect(failed.problem?.code).toBe('unreachable');
    expect(lab.registry.requests.length).toBeLessThan(10);
    delays.push(Date.parse(failed.poll.nextAt) - Date.parse(failed.poll.finishedAt ?? ''));
  }
  for (const [at, delay] of delays.entries()) expect(delay).toBeGreaterThan(3_000 * 2 ** at);
  lab.registry.faults.off();
  expect(await lab.poll(id)).toMatchObject({ state: 'healthy', poll: { failures: 0 } });
}, 120_000);

test('a registry that asks for a pause gets one of that length', async () => {
  await push('lab/busy', '1');
  const id = await lab.watch({ repositories: ['lab/busy'] });
  lab.registry.faults.on('long-pause');
  const failed = await lab.poll(id);
  expect(failed).toMatchObject({ state: 'failing', problem: { code: 'rate_limited' } });
  const waitMs = Date.parse(failed.poll.nextAt) - Date.parse(failed.poll.finishedAt ?? '');
  expect(waitMs).toBeGreaterThanOrEqual(86_400_000 - 1_000);
});

test('OCI indexes and manifests are found, and tag lists are followed over pages', async () => {
  const index = buildIndex({ children: [await buildTiny()] });
  lab.registry.store.putImage('lab/index', 'multi', index);
  for (let tag = 0; tag < 205; tag += 1) await push('lab/index', `p${tag}`);
  lab.registry.faults.on('short-pages');
  const id = await lab.watch({ repositories: ['lab/index'], backlog: 10 });
  const polled = await lab.poll(id);
  expect(polled).toMatchObject({ state: 'healthy', counts: { tags: 206, skipped: 196 } });
  const row = await lab.database
    .selectFrom('registry_tags')
    .select(['digest', 'media_type'])
    .where('tag', '=', 'multi')
    .executeTakeFirst();
  expect(row?.digest).toBe(index.descriptor.digest);
  expect(row?.media_type).toContain('image.index');
});

test('repositories and tags are chosen by patterns, exclusions and a list file', async () => {
  for (const name of ['lab/a', 'lab/deep/b', 'lab/test-c', 'other/d', 'extra/e']) {
    await push(name, '1.0');
    await push(name, '1.0-rc1');
  }
  const file = `${lab.directory}/repositories`;
  await writeFile(file, '# more of them\n\nextra/e # with a comment\n');
  const id = await lab.watch({
    ...{ repositories: ['lab/*'], exclude: ['**/test-*'], repositoryFile: 'repositories' },
    ...{ tags: ['*'], excludeTags: ['*-rc*'] },
  });
  await lab.poll(id);
  expect((await lab.history(id)).toSorted()).toEqual([
    'appeared extra/e:1.0',
    'appeared lab/a:1.0',
  ]);
  await writeFile(file, 'other/d\n');
  const polled = await lab.poll(id);
  expect(polled.counts).toMatchObject({ repositories: 2, tags: 2 });
  expect(await lab.history(id)).toContain('appeared other/d:1.0');
  await writeFile(file, 'not a pattern!\n');
  const failed = await lab.poll(id);
  expect(failed.problem?.detail).toContain('line 1 is not a pattern');
  expect(failed.counts.tags).toBe(2);
});

test('at first sight the newest images are inspected, and the others are counted', async () => {
  const expected: string[] = [];
  for (const [tag, day] of [
    ['old', 1],
    ['newest', 9],
    ['middle', 5],
    ['newer', 7],
  ] as const) {
    const image = await buildImage({
      layers: [{ entries: [{ path: tag, content: Buffer.from(tag) }] }],
      configFields: { created: `2026-01-0${day}T00:00:00Z` },
    });
    lab.registry.store.putImage('lab/dated', tag, image);
    if (day >= 7) expected.push(image.descriptor.digest);
  }
  const id = await lab.watch({ repositories: ['lab/dated'], backlog: 2 });
  const polled = await lab.poll(id);
  expect(polled.counts).toMatchObject({ tags: 4, waiting: 2, skipped: 2 });
  expect((await arrivalsOf('lab/dated')).map(({ tag }) => tag)).toEqual(['newest', 'newer']);
  await push('lab/dated', 'later');
  expect((await lab.poll(id)).counts).toMatchObject({ waiting: 3, skipped: 2 });
});

test('repositories of Harbor are found by its API when its catalog is closed', async () => {
  const { registry } = lab;
  registry.faults.off();
  registry.faults.on('no-catalog');
  registry.store.putImage('harbor-only/app', '1', await buildTiny());
  const id = await lab.watch({ kind: 'harbor', repositories: ['harbor-only/**'] });
  expect((await lab.poll(id)).counts).toMatchObject({ repositories: 1, tags: 1, problems: 0 });
  registry.faults.off();
});

test('a shortened digest is completed if it is the start of one digest only', async () => {
  const digests = [await push('lab/short', '1'), await push('lab/short', '2')];
  const id = await lab.watch({ repositories: ['lab/short'] });
  await lab.poll(id);
  const [first = '', second = ''] = digests;
  const twin = `${first.slice(0, 20)}${second.slice(20)}`;
  await lab.database
    .updateTable('arrivals')
    .set({ digest: twin })
    .where('digest', '=', second)
    .execute();
  const complete = (digest: string, scope: ProjectScope = 'all') =>
    withWholeDigest(lab.database, scope, { digest });
  expect(await complete(first.slice(0, 40))).toEqual({ digest: first });
  await expect(complete(first.slice(0, 20))).rejects.toThrow(
    `is the start of several digests: ${[first, twin].toSorted().join(', ')}`,
  );
  // nothing is learnt about other projects
  const start = first.slice(0, 40);
  expect(await complete(start, ['other'])).toEqual({ digest: start });
});
