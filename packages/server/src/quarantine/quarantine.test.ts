/** Quarantine and release of images in a registry with faults. */
import { randomBytes } from 'node:crypto';

import { buildImage, buildIndex, type BuiltImage } from '@lazaret/analysis/testing';
import { mediaTypes } from '@lazaret/oci';
import { openRegistryClient, pushReferrer, referrersTag } from '@lazaret/oci/registry';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';

import { startQuarantineFixture, type QuarantineFixture } from '../testing/quarantine-fixture.ts';
import { readPlaceState } from './read-place-state.ts';

let lab: QuarantineFixture;

beforeAll(async () => {
  lab = await startQuarantineFixture(inject('databaseUrl'));
});
beforeEach(() => lab.reset());
afterAll(() => lab.close());

function build(): Promise<BuiltImage> {
  return buildImage({ layers: [{ entries: [{ path: 'app', content: randomBytes(2_000) }] }] });
}

async function push(repository: string, ...tags: string[]): Promise<BuiltImage> {
  const image = await build();
  lab.registry.store.putImage(repository, tags[0] ?? '1', image);
  for (const tag of tags) {
    lab.registry.store.repository(repository).tags.set(tag, image.descriptor.digest);
  }
  return image;
}

function name(repository: string, image: { descriptor: { digest: string } }, tag = ''): string {
  return `${lab.registry.host}/${repository}${tag}@${image.descriptor.digest}`;
}

/** Everything that can be pulled: manifests by digest with their bytes, and tags. */
function snapshot(repository: string) {
  const { manifests, tags } = lab.registry.store.repository(repository);
  return {
    manifests: new Map([...manifests].map(([digest, { bytes }]) => [digest, bytes.toString()])),
    tags: new Map(tags),
    blobs: new Map([...lab.registry.store.blobs].map(([digest, bytes]) => [digest, bytes])),
  };
}

function attach(digest: string, sizeBytes: number, text = 'signature') {
  const { client, close } = openRegistryClient(lab.registry.host, { clock: { now: Date.now } });
  return pushReferrer(client, {
    ...{ repository: 'lab/app', artifactType: 'application/vnd.lab.signature', annotations: {} },
    subject: { digest, mediaType: mediaTypes.ociManifest, sizeBytes },
    content: { bytes: Buffer.from(text), mediaType: 'text/plain' },
  }).finally(() => void close());
}

test('an image is stored, removed and released byte for byte, also after garbage collection', async () => {
  const image = await push('lab/app', '1', 'latest');
  const { digest } = image.descriptor;
  await attach(digest, image.bytes.length);
  const other = await push('lab/app', 'other');
  const before = snapshot('lab/app');
  const item = await lab.request(name('lab/app', image, ':1'), { confirm: ['latest'] });
  expect(await lab.runDue()).toBe(1);
  const quarantined = await lab.show(item);
  expect(quarantined).toMatchObject({ state: 'quarantined', tags: ['1', 'latest'] });
  expect(quarantined.contents.every(({ storedAt }) => storedAt !== null)).toBe(true);
  expect(quarantined.actions[0]?.steps.map((step) => step.name)).toEqual([
    ...['plan', 'store', 'verify', 'remove'],
  ]);
  const left = lab.registry.store.repository('lab/app');
  expect([...left.manifests.keys()]).toEqual([other.descriptor.digest]);
  expect([...left.tags.keys()]).toEqual(['other']);
  const registry = await lab.database.selectFrom('registries').select('id').executeTakeFirst();
  const place = { registry: registry?.id ?? '', repository: 'lab/app', digest };
  expect(await readPlaceState(lab.database, place)).toMatchObject({ state: 'quarantined', item });
  // Garbage collection: only what the other image refers to stays.
  const used = new Set([...other.blobs.keys()]);
  for (const one of lab.registry.store.blobs.keys()) {
    if (!used.has(one)) lab.registry.store.blobs.delete(one);
  }
  await lab.release(item);
  expect(await lab.runDue()).toBe(1);
  expect(await lab.show(item)).toMatchObject({ state: 'released', releasedBy: 'ana' });
  expect(snapshot('lab/app')).toEqual(before);
  expect(await readPlaceState(lab.database, place)).toMatchObject({ state: 'released', by: 'ana' });
});

test('only what the registry lacks is pushed by a release', async () => {
  const image = await push('lab/app', '1');
  const item = await lab.request(name('lab/app', image, ':1'));
  await lab.runDue();
  lab.registry.requests.length = 0;
  await lab.release(item);
  await lab.runDue();
  const pushed = lab.registry.requests.filter(({ method }) => ['PUT', 'PATCH'].includes(method));
  expect(pushed.map(({ path }) => path.split('/').at(-2))).toEqual(['manifests', 'manifests']);
});

test('other tags of the digest are named and have to be confirmed', async () => {
  const image = await push('lab/app', '1', '2', 'stable');
  await expect(lab.request(name('lab/app', image, ':1'))).rejects.toMatchObject({
    code: 'confirmation_required',
    message: expect.stringContaining('the tag 2, the tag stable'),
  });
  await lab.request(name('lab/app', image, ':1'), { confirm: ['2', 'stable'] });
});

test('a tag that points elsewhere, an unknown digest and a reference without a digest are refused', async () => {
  const image = await push('lab/app', '1');
  const other = await push('lab/app', '2');
  const cases = [
    [name('lab/app', image, ':2'), 'conflict', `points to ${other.descriptor.digest} now`],
    [name('lab/app', image, ':none'), 'conflict', 'does not exist now'],
    [`${lab.registry.host}/lab/app@sha256:${'0'.repeat(64)}`, 'not_found', 'has no manifest'],
    [`${lab.registry.host}/lab/app:1`, 'invalid_request', 'expected a reference with a digest'],
    [`elsewhere.lab/lab/app@${image.descriptor.digest}`, 'not_found', 'registries add'],
  ] as const;
  for (const [reference, code, message] of cases) {
    await expect(lab.request(reference)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  }
});

test('an index takes its own manifests with it, and leaves those that others use', async () => {
  const [own, shared] = [await build(), await build()];
  const index = buildIndex({ children: [own, shared] });
  const other = buildIndex({ children: [shared] });
  lab.registry.store.putImage('lab/app', 'bad', index);
  lab.registry.store.putImage('lab/app', 'good', other);
  const item = await lab.request(name('lab/app', index, ':bad'));
  await lab.runDue();
  expect((await lab.show(item)).state).toBe('quarantined');
  const { manifests } = lab.registry.store.repository('lab/app');
  expect([...manifests.keys()].toSorted()).toEqual(
    [shared.descriptor.digest, other.descriptor.digest].toSorted(),
  );
});

test('an index that contains the image is named, and restored with it', async () => {
  const [bad, sibling] = [await build(), await build()];
  const index = buildIndex({ children: [bad, sibling] });
  lab.registry.store.putImage('lab/app', '1', index);
  const before = snapshot('lab/app');
  await expect(lab.request(name('lab/app', bad))).rejects.toMatchObject({
    code: 'confirmation_required',
    message: expect.stringContaining(`the index ${index.descriptor.digest}`),
  });
  const confirm = [index.descriptor.digest];
  const item = await lab.request(name('lab/app', bad), { confirm });
  await lab.runDue();
  const { manifests, tags } = lab.registry.store.repository('lab/app');
  expect([[...manifests.keys()], tags.size]).toEqual([[sibling.descriptor.digest], 0]);
  // Even when garbage collection removed the sibling that no tag led to any more.
  manifests.clear();
  lab.registry.store.blobs.clear();
  await lab.release(item);
  await lab.runDue();
  expect(snapshot('lab/app')).toEqual(before);
});

test.each([true, false])(
  'signatures and SBOMs go and come back; referrers API: %s',
  async (hasApi) => {
    if (!hasApi) lab.registry.faults.on('no-referrers');
    const image = await push('lab/app', '1');
    const { digest } = image.descriptor;
    const first = await attach(digest, image.bytes.length);
    await attach(first.digest, 400, 'a signature of the signature');
    const cosign = await build();
    lab.registry.store.putImage('lab/app', `${referrersTag(digest)}.sig`, cosign);
    const before = snapshot('lab/app');
    const item = await lab.request(name('lab/app', image, ':1'));
    await lab.runDue();
    expect((await lab.show(item)).state).toBe('quarantined');
    expect(lab.registry.store.repository('lab/app')).toMatchObject({
      manifests: new Map(),
      tags: new Map(),
    });
    lab.registry.store.blobs.clear();
    await lab.release(item);
    await lab.runDue();
    expect(snapshot('lab/app')).toEqual(before);
  },
);

test('without deletion the image is blocked only, and says so', async () => {
  lab.registry.faults.on('no-deletion');
  const image = await push('lab/app', '1');
  const item = await lab.request(name('lab/app', image, ':1'));
  await lab.runDue();
  expect(await lab.show(item)).toMatchObject({
    state: 'blocked',
    action: {
      state: 'done',
      problem: { code: 'deletion_disabled', detail: expect.stringContaining('is disabled') },
    },
  });
  expect(lab.registry.store.find('lab/app', '1')?.digest).toBe(image.descriptor.digest);
  // Enabled later, the same image can be removed with the evidence that is stored.
  lab.registry.faults.off();
  expect(await lab.request(name('lab/app', image, ':1'))).toBe(item);
  await lab.runDue();
  expect((await lab.show(item)).state).toBe('quarantined');
});

test('a deletion that is accepted and not done is not reported as removed', async () => {
  lab.registry.faults.on('ignored-deletion');
  const image = await push('lab/app', '1');
  const item = await lab.request(name('lab/app', image, ':1'));
  await lab.runDue();
  expect(await lab.show(item)).toMatchObject({
    state: 'blocked',
    action: { problem: { code: 'still_served' } },
  });
});

test('a tag that points there meanwhile stops the removal before anything is deleted', async () => {
  const image = await push('lab/app', '1');
  const item = await lab.request(name('lab/app', image, ':1'));
  lab.registry.store.repository('lab/app').tags.set('new', image.descriptor.digest);
  await lab.runDue();
  expect(await lab.show(item)).toMatchObject({
    state: 'failed',
    action: { state: 'failed', problem: { code: 'confirmation_required' } },
  });
  expect(lab.registry.requests.some(({ method, path }) => isDeletion(method, path, image))).toBe(
    false,
  );
});

function isDeletion(method: string, path: string, image: BuiltImage): boolean {
  return method === 'DELETE' && path.includes(image.descriptor.digest);
}

test('a tag that moves just before the deletion keeps its new image', async () => {
  const image = await push('lab/app', '1');
  const other = await push('lab/app', '2');
  lab.registry.faults.on('moving-tag-on-delete');
  const item = await lab.request(name('lab/app', image, ':1'));
  await lab.runDue();
  expect(lab.registry.store.find('lab/app', '1')?.digest).toBe(other.descriptor.digest);
  await expect(lab.release(item)).rejects.toMatchObject({
    code: 'confirmation_required',
    message: expect.stringContaining('point to other images now: 1'),
  });
  await lab.release(item, ['1']);
  await lab.runDue();
  expect(lab.registry.store.find('lab/app', '1')?.digest).toBe(image.descriptor.digest);
});

test('a tag that moves after the release was requested is not overwritten', async () => {
  const image = await push('lab/app', '1');
  const other = await push('lab/app', '2');
  const item = await lab.request(name('lab/app', image, ':1'));
  await lab.runDue();
  await lab.release(item);
  lab.registry.store.repository('lab/app').tags.set('1', other.descriptor.digest);
  await lab.runDue();
  expect(await lab.show(item)).toMatchObject({
    state: 'quarantined',
    action: { state: 'failed', problem: { code: 'tag_moved' } },
  });
  expect(lab.registry.store.find('lab/app', '1')?.digest).toBe(other.descriptor.digest);
});

test.each(['cut-upload', 'refused-push'] as const)(
  'a release with the fault %s changes no tag, and works later',
  async (fault) => {
    const image = await push('lab/app', '1');
    const item = await lab.request(name('lab/app', image, ':1'));
    await lab.runDue();
    lab.registry.store.blobs.clear();
    await lab.release(item);
    lab.registry.faults.on(fault);
    await lab.runDue();
    expect(lab.registry.store.repository('lab/app').tags.size).toBe(0);
    lab.registry.faults.off();
    const { action } = await lab.show(item);
    if (action?.state === 'failed') await lab.release(item);
    await lab.database
      .updateTable('actions')
      .set({ retry_at: new Date(0) })
      .execute();
    await lab.runDue();
    expect((await lab.show(item)).state).toBe('released');
    expect(lab.registry.store.find('lab/app', '1')?.digest).toBe(image.descriptor.digest);
  },
);

test.each(['digest-mismatch', 'deleted-during-scan', 'wrong-length'] as const)(
  'with the fault %s the evidence is incomplete, and nothing is deleted',
  async (fault) => {
    const image = await push('lab/app', '1');
    const item = await lab.request(name('lab/app', image, ':1'));
    lab.registry.faults.on(fault);
    await lab.runDue();
    expect(await lab.show(item)).toMatchObject({ state: 'failed', action: { state: 'failed' } });
    expect(lab.registry.requests.some(({ method, path }) => isDeletion(method, path, image))).toBe(
      false,
    );
    expect(lab.registry.store.find('lab/app', '1')?.digest).toBe(image.descriptor.digest);
  },
);

test('damaged evidence is found before anything is deleted', async () => {
  const image = await push('lab/app', '1');
  const item = await lab.request(name('lab/app', image, ':1'));
  const { verify } = lab.blobs;
  lab.actions.blobs.verify = async () => {
    throw new Error('the stored content is damaged');
  };
  await lab.runDue();
  lab.actions.blobs.verify = verify;
  expect((await lab.show(item)).action?.problem?.detail).toContain('damaged');
  expect(lab.registry.store.find('lab/app', '1')?.digest).toBe(image.descriptor.digest);
});

test('a copy goes to the quarantine repository, which is not quarantined again', async () => {
  await lab.reset({ quarantineRepository: 'quarantine' });
  const image = await push('lab/app', '1');
  const item = await lab.request(name('lab/app', image, ':1'));
  await lab.runDue();
  expect(await lab.show(item)).toMatchObject({
    ...{ state: 'quarantined', mode: 'move', target: 'quarantine/lab/app' },
  });
  expect(lab.registry.store.find('quarantine/lab/app', '1')?.bytes).toEqual(image.bytes);
  expect(lab.registry.store.find('lab/app', '1')).toBeUndefined();
  await expect(lab.request(name('quarantine/lab/app', image, ':1'))).rejects.toMatchObject({
    code: 'conflict',
  });
});
