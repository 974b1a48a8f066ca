/** A process that is killed at any request: nothing is lost, nothing half moved after a restart. */
import { randomBytes } from 'node:crypto';

import { buildImage, buildIndex } from '@lazaret/analysis/testing';
import { startFakeRegistry, type FakeRegistry } from '@lazaret/oci/testing';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { startQuarantineFixture, type QuarantineFixture } from '../testing/quarantine-fixture.ts';

let lab: QuarantineFixture;
let registry: FakeRegistry;
/** Called for each request that was answered. */
let onRequest = (): void => undefined;

beforeAll(async () => {
  registry = await startFakeRegistry({ now: () => Date.now(), onRequest: () => onRequest() });
  lab = await startQuarantineFixture(inject('databaseUrl'), registry);
});
beforeEach(() => lab.reset());
afterAll(() => lab.close());

/** Runs what is due and stops at the given request, without a further write to the database. */
async function runUntil(request: number): Promise<'ended' | 'killed'> {
  const killed = new AbortController();
  let seen = 0;
  onRequest = () => {
    seen += 1;
    if (seen === request) killed.abort(new Error('killed'));
  };
  const ran = await lab.runDue(killed.signal).then(
    () => 'ended' as const,
    () => 'killed' as const,
  );
  onRequest = () => undefined;
  // The lease of the killed process expires.
  await lab.database
    .updateTable('actions')
    .set({ lease_until: new Date(0) })
    .execute();
  return ran;
}

/** Whether all that was removed from the registry is stored and verified. */
async function checkNothingLost(item: string): Promise<void> {
  const { contents } = await lab.show(item);
  const { manifests } = registry.store.repository('lab/app');
  const removed = contents.filter(
    ({ kind, digest }) => kind === 'manifest' && !manifests.has(digest),
  );
  if (removed.length === 0) return;
  expect(contents.filter(({ storedAt }) => storedAt === null)).toEqual([]);
  for (const { digest } of contents) await lab.blobs.verify(digest.slice('sha256:'.length));
}

test('killed at each request of a quarantine and of a release, both end completely', async () => {
  const layers = () => [{ entries: [{ path: 'app', content: randomBytes(500) }] }];
  const children = [await buildImage({ layers: layers() }), await buildImage({ layers: layers() })];
  const index = buildIndex({ children });
  registry.store.putImage('lab/app', '1', index);
  const before = {
    manifests: new Map(registry.store.repository('lab/app').manifests),
    tags: new Map(registry.store.repository('lab/app').tags),
  };
  const image = `${registry.host}/lab/app:1@${index.descriptor.digest}`;
  let kills = 0;
  // Odd requests of the quarantine and even ones of the release.
  for (let request = 1, isDone = false; !isDone; request += 2) {
    const item = await lab.request(image);
    isDone = (await runUntil(request)) === 'ended';
    if (!isDone) kills += 1;
    await checkNothingLost(item);
    await lab.runDue();
    const shown = await lab.show(item);
    expect(shown).toMatchObject({ state: 'quarantined', action: { state: 'done' } });
    expect(registry.store.repository('lab/app').manifests.size).toBe(0);
    registry.store.blobs.clear();
    await lab.release(item);
    const released = await runUntil(request + 1);
    if (released === 'killed') {
      kills += 1;
      isDone = false;
    }
    await lab.runDue();
    expect((await lab.show(item)).state).toBe('released');
    const { manifests, tags } = registry.store.repository('lab/app');
    expect(new Map(manifests)).toEqual(before.manifests);
    expect(tags).toEqual(before.tags);
  }
  expect(kills).toBeGreaterThan(20);
}, 60_000);
