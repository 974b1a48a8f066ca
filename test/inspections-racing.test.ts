/** Inspectors that race for one inspection, and tags that move meanwhile. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { SharedRates } from '@lazaret/analysis';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { buildImage } from '../packages/analysis/src/testing/image-builder.ts';
import { startFakeRegistry, type FakeRegistry } from '../packages/oci/src/testing/fake-registry.ts';
import { transaction, withAdvisoryLock } from '../packages/server/src/floor/db/index.ts';
import { appendEvents } from '../packages/server/src/floor/events/index.ts';
import { createLog } from '../packages/server/src/floor/log.ts';
import { inspectionLimits } from '../packages/server/src/inspection/limits.ts';
import { createTestDatabase, type TestDatabase } from '../packages/server/src/testing/database.ts';
import { findImage } from '../packages/server/src/inspection/read-images.ts';
import { readInspection } from '../packages/server/src/inspection/read-inspections.ts';
import {
  openInspectionQueue,
  type InspectionQueue,
} from '../packages/server/src/inspection/queue.ts';
import { removeImage } from '../packages/server/src/inspection/remove-image.ts';
import { requestInspection } from '../packages/server/src/inspection/request-inspection.ts';
import { openFileBlobStore } from '../packages/server/src/blobs/index.ts';
import {
  runInspection,
  type InspectorParts,
} from '../packages/server/src/inspection/run-inspection.ts';

const project = 'default';
let database: TestDatabase;
let queue: InspectionQueue;
let registry: FakeRegistry;
let parts: InspectorParts;
let directory = '';
let repository = '';
let repositories = 0;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  const log = createLog({ level: 'silent' });
  queue = await openInspectionQueue({ url: database.url, log, supervise: false });
  registry = await startFakeRegistry({ now: () => Date.now() });
  directory = await mkdtemp(join(tmpdir(), 'lazaret-racing-'));
  const network = { plainHttp: [registry.host], skipVerify: [], caFiles: [] };
  const blobs = await openFileBlobStore({ directory: join(directory, 'blobs') });
  parts = {
    ...{ database: database.handle.db, locks: database.handle, log, toolVersion: '1', blobs },
    ...{ timeLimitMs: 60_000, now: () => Date.now(), onChange: () => undefined },
    sharedRates: new SharedRates({ now: () => Date.now() }),
    describe: async ({ reference }) => ({
      ...{ reference: `docker://${reference}`, platform: 'default', offline: false, files: true },
      ...{ scanners: { secrets: true }, parallel: 0, spoolDirectory: directory },
      cache: { directory: join(directory, 'cache'), maxBytes: 1e9 },
      registry: { ...network, mirrors: {}, foreign: [], proxy: undefined },
    }),
  };
});
beforeEach(() => {
  repositories += 1;
  repository = `lab/race-${repositories}`;
  registry.faults.off();
});
afterAll(async () => {
  await queue.close();
  await Promise.all([database.drop(), registry.close()]);
  await rm(directory, { recursive: true, force: true });
});

/** Stores an image under the tag `1`; returns its digest. */
async function push(text: string): Promise<string> {
  const content = Buffer.from(`${repository} ${text} `.repeat(20));
  const image = await buildImage({ layers: [{ entries: [{ path: 'app', content }] }] });
  registry.store.putImage(repository, '1', image);
  return image.descriptor.digest;
}

function request(force = false): Promise<string> {
  const context = { database: parts.database, queue, project, actor: 'alice' };
  const body = { reference: `${registry.host}/${repository}:1`, platform: 'default', force };
  return requestInspection(body, { ...context, idempotencyKey: undefined });
}

const run = (id: string): Promise<void> => runInspection(parts, id, new AbortController().signal);
const read = (id: string) => readInspection(parts.database, 'all', id);

async function eventsOf(subject: string): Promise<string[]> {
  const rows = await parts.database
    .selectFrom('events')
    .select('type')
    .where('subject', '=', subject)
    .orderBy('id')
    .execute();
  return rows.map(({ type }) => type);
}

async function isThere(digest: string): Promise<boolean> {
  return findImage(parts.database, 'all', { digest, project: undefined }).then(
    () => true,
    () => false,
  );
}

test('two concurrent inspectors of one inspection store it once', async () => {
  const digest = await push('raced');
  const id = await request();
  await Promise.all([run(id), run(id)]);
  expect(await read(id)).toMatchObject({ state: 'finished', images: [{ digest, known: false }] });
  const events = await eventsOf(id);
  expect(events.filter((type) => type === 'inspection.finished')).toHaveLength(1);
  expect(await eventsOf(digest)).toEqual(['image.inspected']);
});

test('an inspector that lost its lease aborts within a layer, and the other finishes', async () => {
  const digest = await push('slow');
  const id = await request();
  registry.faults.on('stalled-body', 1, await topLayer());
  const late = run(id);
  await expect.poll(async () => (await read(id)).progress.phase).toBe('layers');
  const now = run(id);
  // It cannot get the lock of the digest before the other one has released it.
  await Promise.all([late, now]);
  expect(await read(id)).toMatchObject({ state: 'finished', attempts: 2, images: [{ digest }] });
  expect(await eventsOf(digest)).toEqual(['image.inspected']);
});

async function topLayer(): Promise<string> {
  const manifest = registry.store.find(repository, '1');
  const { layers } = JSON.parse(String(manifest?.bytes)) as { layers: { digest: string }[] };
  return layers.at(-1)?.digest ?? '';
}

test('a tag that moves after each request: the resolved digest is what is inspected', async () => {
  const digests = [await push('first'), await push('second'), await push('third')];
  registry.faults.on('moving-tag');
  const seen: string[] = [];
  for (let round = 0; round < 4; round += 1) {
    const before = registry.requests.length;
    const id = await request(true);
    await run(id);
    const asked = registry.requests.slice(before).map(({ path }) => path);
    expect(asked.filter((path) => path.endsWith('/manifests/1'))).toHaveLength(1);
    const { state, images } = await read(id);
    expect([state, images.length]).toEqual(['finished', 1]);
    seen.push(images[0]?.digest ?? '');
  }
  const [first, ...rest] = seen;
  const turn = digests.indexOf(first ?? '');
  expect(rest).toEqual([1, 2, 3].map((step) => digests[(turn + step) % digests.length]));
  for (const digest of digests) {
    const { names } = await findImage(parts.database, 'all', { digest, project });
    expect(names).toEqual([`${registry.host}/${repository}:1`]);
  }
});

test('an inspection requests each manifest and blob of a registry once', async () => {
  await push('once');
  const before = registry.requests.length;
  await run(await request());
  const asked = registry.requests.slice(before).map(({ path }) => path);
  const contents = asked.filter((path) => /\/(?:manifests|blobs)\//.test(path));
  // The manifest, the configuration, and one layer.
  expect(contents).toHaveLength(3);
  expect(new Set(contents).size).toBe(3);
});

test('an image removed while it is inspected again exists afterwards', async () => {
  const digest = await push('removed');
  await run(await request());
  const id = await request(true);
  let running: Promise<void> = Promise.resolve();
  // It has started, and waits for us like for another inspector of the same digest.
  await withAdvisoryLock(parts.locks, `inspection ${digest}`, async () => {
    running = run(id);
    await expect.poll(async () => (await read(id)).state).toBe('running');
    await removeImage(parts.database, { project, digest }, 'alice');
    expect(await isThere(digest)).toBe(false);
  });
  await running;
  expect(await isThere(digest)).toBe(true);
  expect(await eventsOf(digest)).toEqual(['image.inspected', 'image.removed', 'image.inspected']);
});

test('an image stored again while it is removed ends in the state of its last event', async () => {
  const digest = await push('contested');
  await run(await request());
  let removing: Promise<void> = Promise.resolve();
  await transaction(parts.database, async (trx) => {
    const { id, ...row } = await trx
      .selectFrom('images')
      .selectAll()
      .where('digest', '=', digest)
      .executeTakeFirstOrThrow();
    await trx.deleteFrom('images').where('id', '=', id).execute();
    const summary = JSON.stringify(row.summary);
    await trx
      .insertInto('images')
      .values({ ...row, summary })
      .execute();
    await appendEvents(trx, [
      { type: 'image.inspected', subject: digest, project, actor: 'inspector', data: {} },
    ]);
    // It has found the one that this transaction removes, and waits for it.
    removing = removeImage(parts.database, { project, digest }, 'alice');
    await expect.poll(waitsForLock).toBe(true);
  });
  await removing;
  expect(await isThere(digest)).toBe(false);
  expect(await eventsOf(digest)).toEqual(['image.inspected', 'image.inspected', 'image.removed']);
});

async function waitsForLock(): Promise<boolean> {
  const { rows } = await database.handle.pool.query(
    `select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows.length > 0;
}

test('concurrent names for a stored image are all stored', async () => {
  const digest = await push('named');
  await run(await request());
  const image = registry.store.find(repository, '1');
  const ids: string[] = [];
  for (let name = 0; name < inspectionLimits.imageNamesKept - 1; name += 1) {
    registry.store.repository(repository).tags.set(`n${name}`, image?.digest ?? '');
    const body = { reference: `${registry.host}/${repository}:n${name}`, platform: 'default' };
    const context = { database: parts.database, queue, project, actor: 'alice' };
    ids.push(
      await requestInspection({ ...body, force: false }, { ...context, idempotencyKey: undefined }),
    );
  }
  await Promise.all(ids.map(run));
  const { names } = await findImage(parts.database, 'all', { digest, project });
  expect(names).toHaveLength(inspectionLimits.imageNamesKept);
  for (const id of ids) expect((await read(id)).images).toMatchObject([{ digest, known: true }]);
});
