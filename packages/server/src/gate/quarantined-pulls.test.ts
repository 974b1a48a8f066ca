/** Pulls of images that are, or were, in quarantine. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { newId } from '../floor/ids.ts';
import {
  putTiny,
  readRefusal,
  startGateFixture,
  type GateFixture,
  type Put,
  type TestGate,
} from '../testing/gate-fixture.ts';

let lab: GateFixture;
let gate: TestGate;

beforeAll(async () => {
  lab = await startGateFixture(inject('databaseUrl'));
  gate = await lab.start();
});
afterAll(() => lab.close());

const releasedBy = {
  ...{ released_at: new Date(), released_by: 'ben', release_reason: 'false alarm' },
};

/** As an action of the quarantine that has ended; the registry no longer has the image. */
async function quarantine(put: Put, tag: string, state: string): Promise<void> {
  const { digest } = put;
  const repository = 'lab/app';
  await lab.database.deleteFrom('quarantine_items').where('digest', '=', digest).execute();
  const decision = await lab.database
    .selectFrom('decisions_in_force')
    .select('decision')
    .where('digest', '=', digest)
    .executeTakeFirst();
  await lab.database
    .insertInto('quarantine_items')
    .values({
      ...{ id: newId(), project: 'default', registry: lab.id, registry_name: 'lab-1' },
      ...{ address: lab.registry.host, repository, digest, media_type: '', mode: 'remove', state },
      ...{ reason: 'EICAR', created_by: 'ana', retained_until: new Date() },
      ...(state === 'released' && releasedBy),
      released_decision: state === 'released' ? (decision?.decision ?? null) : null,
    })
    .execute();
  const item = await lab.database
    .selectFrom('quarantine_items')
    .select('id')
    .where('digest', '=', digest)
    .executeTakeFirstOrThrow();
  await lab.database
    .insertInto('quarantine_contents')
    .values({
      ...{ item: item.id, position: 0, digest, kind: 'manifest', role: 'image', media_type: '' },
      ...{ size_bytes: 1, tags: [tag], removes: true },
    })
    .execute();
}

interface PodReview {
  readonly allowed: boolean;
  readonly status?: { readonly message: string };
}

async function reviewPod(to: TestGate, image: string, timeout = '10s'): Promise<PodReview> {
  const object = {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'shop' } },
    spec: { containers: [{ name: 'web', image }] },
  };
  const request = { uid: '1', operation: 'CREATE', namespace: 'shop', object, oldObject: null };
  const body = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request };
  const path = `/admission?timeout=${timeout}`;
  const answer = await to.get(path, { method: 'POST', body: JSON.stringify(body) });
  return ((await answer.json()) as { response: PodReview }).response;
}

test('an image that was taken out of the registry is refused with the reason, by tag and digest', async () => {
  const image = await putTiny(lab, 'gone', 'lab/app');
  await lab.settle(image.digest, 'pass');
  await quarantine(image, 'gone', 'quarantined');
  const { tags, manifests } = lab.registry.store.repository('lab/app');
  tags.delete('gone');
  manifests.delete(image.digest);
  for (const selector of ['gone', image.digest]) {
    const answer = await readRefusal(await gate.get(`/v2/lab/app/manifests/${selector}`));
    expect(answer).toMatchObject({
      ...{ status: 403, code: 'DENIED' },
      message: expect.stringContaining('quarantined by ana: EICAR') as unknown,
    });
  }
  expect((await gate.get('/v2/lab/app/manifests/never-there')).status).toBe(404);
});

test('a pod with an image that was taken out of the registry is denied, whatever unknown ones get', async () => {
  const image = await putTiny(lab, 'removed', 'lab/app');
  await lab.settle(image.digest, 'pass');
  await quarantine(image, 'removed', 'quarantined');
  const { tags, manifests } = lab.registry.store.repository('lab/app');
  tags.delete('removed');
  manifests.delete(image.digest);
  const open = await lab.start({ admissionUnknown: 'allow' });
  for (const reference of [':removed', `@${image.digest}`]) {
    const answer = await reviewPod(open, `${lab.registry.host}/lab/app${reference}`);
    expect(answer).toMatchObject({
      allowed: false,
      status: { message: expect.stringContaining('quarantined by ana: EICAR') as unknown },
    });
  }
});

test('while the registry fails, pods are judged by digest; tags are not taken for unknown images', async () => {
  const good = await putTiny(lab, 'steady', 'lab/app');
  const bad = await putTiny(lab, 'steady-bad', 'lab/app');
  await lab.settle(good.digest, 'pass');
  await lab.settle(bad.digest, 'block');
  const open = await lab.start({ admissionUnknown: 'allow' });
  const image = `${lab.registry.host}/lab/app`;
  lab.registry.faults.on('long-pause');
  const byDigest = await reviewPod(open, `${image}@${good.digest}`);
  const denied = await reviewPod(open, `${image}@${bad.digest}`);
  const byTag = await reviewPod(open, `${image}:steady`);
  lab.registry.faults.off('long-pause');
  // It is asked repeatedly, until the time of the API server is over.
  lab.registry.faults.on('flapping');
  const late = await reviewPod(open, `${image}:steady`, '2s');
  lab.registry.faults.off('flapping');
  expect([late.allowed, late.status?.message]).toEqual([
    false,
    expect.stringContaining('did not answer within the time of a review'),
  ]);
  expect(byDigest.allowed).toBe(true);
  expect([denied.allowed, denied.status?.message]).toEqual([
    false,
    expect.stringContaining('is blocked: malware: Eicar in bin/x'),
  ]);
  expect([byTag.allowed, byTag.status?.message]).toEqual([
    false,
    expect.stringContaining('too many requests'),
  ]);
});

test.each([
  // The credentials of the gate are refused.
  'refused-manifest',
  'changed-manifest',
] as const)('a tag is denied when the registry has the fault %s', async (fault) => {
  await putTiny(lab, 'asked', 'lab/app');
  const open = await lab.start({ admissionUnknown: 'allow' });
  lab.registry.faults.on(fault);
  const answer = await reviewPod(open, `${lab.registry.host}/lab/app:asked`, '2s');
  lab.registry.faults.off(fault);
  expect(answer.allowed).toBe(false);
});

test('a released image passes until there are other reasons against it', async () => {
  const image = await putTiny(lab, 'released', 'lab/app');
  const path = `/v2/lab/app/manifests/${image.digest}`;
  await lab.settle(image.digest, 'quarantine');
  await quarantine(image, 'released', 'released');
  const passed = await gate.get(path);
  expect(passed.status).toBe(200);
  expect(passed.headers.get('warning')).toContain('released by ben (false alarm) in spite of');
  // The same decision again, as after the release has pushed the image.
  await lab.settle(image.digest, 'quarantine');
  expect((await gate.get(path)).status).toBe(200);
  await lab.settle(image.digest, 'block');
  expect((await gate.get(path)).status).toBe(200);
  await lab.database
    .updateTable('quarantine_items')
    .set({ released_decision: null })
    .where('digest', '=', image.digest)
    .execute();
  expect((await gate.get(path)).status).toBe(403);
});
