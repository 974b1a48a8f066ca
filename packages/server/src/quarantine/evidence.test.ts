/** Space of the evidence, its retention, and plans that change nothing. */
import { randomBytes } from 'node:crypto';

import { buildImage, type BuiltImage } from '@lazaret/analysis/testing';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { startQuarantineFixture, type QuarantineFixture } from '../testing/quarantine-fixture.ts';
import { readUsedBytes } from './evidence.ts';
import { findTarget } from './find-target.ts';
import { readItemRow } from './item-store.ts';
import { planQuarantine } from './plan-quarantine.ts';
import { purgeItem } from './request-actions.ts';
import { sweepEvidence } from './sweep-evidence.ts';

let lab: QuarantineFixture;

beforeAll(async () => {
  lab = await startQuarantineFixture(inject('databaseUrl'));
});
beforeEach(() => lab.reset());
afterAll(() => lab.close());

async function push(repository: string, ...tags: string[]): Promise<BuiltImage> {
  const content = randomBytes(2_000);
  const image = await buildImage({ layers: [{ entries: [{ path: 'app', content }] }] });
  for (const tag of tags) lab.registry.store.putImage(repository, tag, image);
  return image;
}

function name(repository: string, image: BuiltImage, tag: string): string {
  return `${lab.registry.host}/${repository}${tag}@${image.descriptor.digest}`;
}

async function countBlobs(): Promise<number> {
  let count = 0;
  for await (const _ of lab.blobs.list()) count += 1;
  return count;
}

test('without space nothing is stored or removed', async () => {
  const image = await push('lab/app', '1');
  lab.actions.spaceBytes = 1_000;
  await expect(lab.request(name('lab/app', image, ':1'))).rejects.toMatchObject({
    code: 'quarantine_full',
    message: expect.stringContaining('of the 1000 that it may use'),
  });
  lab.actions.spaceBytes = 1024 ** 3;
  const item = await lab.request(name('lab/app', image, ':1'));
  lab.actions.spaceBytes = 1_000;
  await lab.runDue();
  expect((await lab.show(item)).action?.problem?.code).toBe('quarantine_full');
  // What it had reserved is free again.
  expect(await readUsedBytes(lab.database)).toBe(0);
  expect(lab.registry.store.find('lab/app', '1')?.digest).toBe(image.descriptor.digest);
  expect(await countBlobs()).toBe(0);
});

test('a plan names everything and changes nothing', async () => {
  const image = await push('lab/app', '1', '2');
  const before = structuredClone(lab.registry.store.repository('lab/app'));
  const reference = name('lab/app', image, ':1');
  const target = await findTarget(lab.database, 'all', { image: reference });
  const signal = new AbortController().signal;
  const plan = await planQuarantine(lab.actions, target, { mode: undefined, confirm: [], signal });
  expect(plan).toMatchObject({
    ...{ tags: ['1', '2'], unconfirmed: ['2'], mode: 'remove', deletion: 'enabled' },
    ...{ manifests: 1, blobs: 2 },
  });
  expect(plan.neededBytes).toBe(plan.sizeBytes);
  expect(structuredClone(lab.registry.store.repository('lab/app'))).toEqual(before);
  expect(await countBlobs()).toBe(0);
});

test('evidence is purged after its retention; content that others have stays', async () => {
  const image = await push('lab/app', '1');
  lab.registry.store.putImage('lab/copy', '1', image);
  lab.actions.retentionMs = 3_600_000;
  const [first, second] = [
    await lab.request(name('lab/app', image, ':1')),
    await lab.request(name('lab/copy', image, ':1')),
  ];
  await lab.runDue();
  const count = await countBlobs();
  const request = { reason: 'not needed', actor: 'ana' };
  const row = await readItemRow(lab.database, 'all', first);
  await expect(purgeItem(lab.database, row, request)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('is retained until'),
  });
  await lab.database
    .updateTable('quarantine_items')
    .set({ retained_until: new Date(0) })
    .execute();
  const sweep = { ...lab.actions, graceMs: -60_000 };
  await purgeItem(lab.database, row, request);
  await sweepEvidence(sweep);
  expect(await countBlobs()).toBe(count);
  await expect(lab.release(first)).rejects.toMatchObject({
    message: expect.stringContaining('its evidence was purged'),
  });
  await purgeItem(lab.database, await readItemRow(lab.database, 'all', second), request);
  // What was stored a moment ago may be in an upload whose rows are not written yet.
  await sweepEvidence(lab.actions);
  expect(await countBlobs()).toBe(count);
  await sweepEvidence(sweep);
  expect(await countBlobs()).toBe(0);
});
