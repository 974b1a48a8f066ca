/** AdmissionReview documents, as an API server posts them, and the answers to them. */
import { readFile } from 'node:fs/promises';

import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { startGateFixture, type GateFixture, type TestGate } from '../../testing/gate-fixture.ts';
import { buildTiny } from '../../testing/watch-fixture.ts';

let lab: GateFixture;
let gate: TestGate;

beforeAll(async () => {
  lab = await startGateFixture(inject('databaseUrl'));
  gate = await lab.start({ names: ['gate.lab:5100'] });
});
afterAll(() => lab.close());

type Decision = Parameters<GateFixture['settle']>[1];

/** The reference of a new image with this decision; without one it is unknown. */
async function image(tag: string, decision?: Decision): Promise<string> {
  const built = await buildTiny(tag);
  lab.registry.store.putImage('lab/app', tag, built);
  if (decision !== undefined) await lab.settle(built.descriptor.digest, decision);
  return `${lab.registry.host}/lab/app:${tag}`;
}

const container = (name: string, of: string) => ({
  name,
  image: of,
  resources: {},
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
  imagePullPolicy: 'IfNotPresent',
});

function pod(images: readonly string[], more: object = {}) {
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { generateName: 'web-5d8c7f9b6-', namespace: 'shop', labels: { app: 'web' } },
    spec: {
      containers: images.map((one, at) => container(`c${at}`, one)),
      ...{ restartPolicy: 'Always', dnsPolicy: 'ClusterFirst', serviceAccountName: 'default' },
      ...more,
    },
    status: {},
  };
}

interface Review {
  readonly allowed: boolean;
  readonly message: string;
  readonly warnings: readonly string[];
}

function document(object: unknown, more: object = {}) {
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: 'a3f4ff4e-5a4c-4dd7-9a8f-61e0f9f0d6a1',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      requestKind: { group: '', version: 'v1', kind: 'Pod' },
      requestResource: { group: '', version: 'v1', resource: 'pods' },
      ...{ namespace: 'shop', operation: 'CREATE', dryRun: false, oldObject: null },
      userInfo: { username: 'system:serviceaccount:kube-system:replicaset-controller' },
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
      object,
      ...more,
    },
  };
}

async function post(to: TestGate, body: unknown, path = '/admission'): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return to.get(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function review(object: unknown, more: object = {}, to: TestGate = gate): Promise<Review> {
  const answer = await post(to, document(object, more), '/admission?timeout=10s');
  expect(answer.status).toBe(200);
  const { apiVersion, kind, response } = (await answer.json()) as {
    apiVersion: string;
    kind: string;
    response: { uid: string; allowed: boolean; status?: { message: string }; warnings?: string[] };
  };
  expect([apiVersion, kind, response.uid]).toEqual([
    'admission.k8s.io/v1',
    'AdmissionReview',
    'a3f4ff4e-5a4c-4dd7-9a8f-61e0f9f0d6a1',
  ]);
  const { allowed, status, warnings = [] } = response;
  return { allowed, message: status?.message ?? '', warnings };
}

test('a pod is allowed when all its images are, and warnings are passed on', async () => {
  const object = pod([await image('good', 'pass'), await image('warned', 'warn')]);
  expect(await review(object)).toEqual({
    ...{ allowed: true, message: '' },
    warnings: [expect.stringContaining('spec.containers[1] "c1": lab/app:warned')],
  });
});

test('a blocked image is denied wherever a pod names it', async () => {
  const bad = await image('bad', 'block');
  const good = await image('fine', 'pass');
  for (const list of ['initContainers', 'ephemeralContainers'] as const) {
    const object = pod([good], { [list]: [container('x', bad)] });
    expect(await review(object)).toMatchObject({
      allowed: false,
      message: expect.stringMatching(
        new RegExp(`^spec.${list}\\[0\\] "x": lab/app:bad .* is blocked: malware`),
      ) as unknown,
    });
  }
  const volume = { name: 'v', image: { reference: bad, pullPolicy: 'IfNotPresent' } };
  expect(await review(pod([good], { volumes: [volume] }))).toMatchObject({ allowed: false });
  const events = await lab.database
    .selectFrom('events')
    .select('data')
    .where('type', '=', 'admission.denied')
    .execute();
  expect(events[0]?.data).toMatchObject({ workload: 'shop/web-5d8c7f9b6-*', registry: 'lab-1' });
});

test('the templates of all kinds of workloads are reviewed', async () => {
  const template = { metadata: {}, spec: pod([await image('template', 'block')]).spec };
  const kinds = ['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job'];
  const objects = [
    ...[...kinds, 'ReplicationController'].map((kind) => ({ kind, spec: { template } })),
    { kind: 'CronJob', spec: { schedule: '0 0 * * *', jobTemplate: { spec: { template } } } },
    { kind: 'PodTemplate', template },
  ];
  for (const object of objects) expect(await review(object)).toMatchObject({ allowed: false });
  expect(await review({ kind: 'ConfigMap', data: {} })).toMatchObject({
    allowed: false,
    message: expect.stringContaining('objects of the kind "ConfigMap" have no pods') as unknown,
  });
});

test('an update is only denied for images that it adds, and a deletion never', async () => {
  const bad = await image('running', 'block');
  const running = pod([bad]);
  const update = { operation: 'UPDATE', oldObject: running };
  expect(await review({ ...running, metadata: { finalizers: [] } }, update)).toMatchObject({
    allowed: true,
  });
  const added = pod([bad], {
    ephemeralContainers: [container('d', await image('debug', 'block'))],
  });
  expect(await review(added, { ...update, subResource: 'ephemeralcontainers' })).toMatchObject({
    allowed: false,
    message: expect.not.stringContaining('lab/app:running') as unknown,
  });
  const removal = { operation: 'DELETE', object: null, oldObject: running };
  expect(await review(null, removal)).toMatchObject({ allowed: true });
});

test('an unknown image is inspected and denied until it is decided; a dry run inspects nothing', async () => {
  const reference = await image('new');
  const read = () =>
    lab.database.selectFrom('arrivals').select('source').where('tag', '=', 'new').execute();
  expect(await review(pod([reference]), { dryRun: true })).toMatchObject({
    allowed: false,
    message: expect.stringContaining('a dry run does not have it inspected') as unknown,
  });
  expect(await read()).toEqual([]);
  expect(await review(pod([reference]))).toMatchObject({
    allowed: false,
    message: expect.stringContaining('is held: it was not inspected yet; try again') as unknown,
  });
  expect(await read()).toEqual([{ source: 'gate' }]);
});

test('a review waits for an inspection within the time of the API server', async () => {
  const waiting = await lab.start({ admissionWaitMs: 20_000 });
  const built = await buildTiny('waited');
  lab.registry.store.putImage('lab/app', 'waited', built);
  const { digest } = built.descriptor;
  const object = pod([`${lab.registry.host}/lab/app:waited`]);
  const answered = review(object, {}, waiting);
  await expect
    .poll(() =>
      lab.database.selectFrom('arrivals').select('id').where('digest', '=', digest).execute(),
    )
    .toHaveLength(1);
  await lab.settle(digest, 'pass');
  expect(await answered).toMatchObject({ allowed: true });
});

test('references through the gate are those of the registry behind it', async () => {
  await image('through', 'pass');
  expect(await review(pod(['gate.lab:5100/lab/app:through']))).toMatchObject({ allowed: true });
});

/** A request of Kubernetes 1.37 for `kubectl debug`, with other names. */
test('the request that a real API server sends for an ephemeral container is reviewed', async () => {
  const file = new URL('../testing/ephemeral-containers.json', import.meta.url);
  const recorded = (await readFile(file, 'utf8')).replaceAll('registry.example', lab.registry.host);
  // What runs already is not reviewed: only the added container is named.
  await image('good');
  await image('bad', 'block');
  const answer = await post(gate, JSON.parse(recorded), '/admission?timeout=10s');
  const { response } = (await answer.json()) as {
    response: { uid: string; allowed: boolean; status: { message: string } };
  };
  expect([response.uid, response.allowed]).toEqual(['8f5b3c1e-0000-4000-8000-000000000001', false]);
  expect(response.status.message).toMatch(
    /^spec\.ephemeralContainers\[0\] "dbg": lab\/app:bad \(sha256:[0-9a-f]{12}\) is blocked/,
  );
});

test('images of other registries and unknown tags are answered as the option says', async () => {
  const elsewhere = pod(['nginx:1.29', `${lab.registry.host}/lab/app:no-such-tag`, 'BAD:::']);
  const warning = await lab.start({ admissionUnknown: 'warn' });
  const open = await lab.start({ admissionUnknown: 'allow' });
  const denied = await review(elsewhere);
  expect(denied.allowed).toBe(false);
  expect(denied.message).toContain('docker.io');
  expect(denied.message).toContain('no-such-tag');
  expect(denied.message).toContain('invalid image reference');
  const warned = await review(elsewhere, {}, warning);
  expect([warned.allowed, warned.warnings.length]).toEqual([true, 3]);
  expect(await review(elsewhere, {}, open)).toEqual({ allowed: true, message: '', warnings: [] });
});

test('the token is taken from the path, and invalid reviews are refused', async () => {
  const closed = await lab.start({ anonymous: false });
  const body = document(pod([await image('token', 'pass')]));
  expect((await post(closed, body)).status).toBe(401);
  expect((await post(closed, body, `/admission/lz_${'x'.repeat(43)}`)).status).toBe(401);
  expect((await post(closed, body, `/admission/${lab.token}`)).status).toBe(200);
  for (const wrong of [{}, { ...body, apiVersion: 'admission.k8s.io/v1beta1' }, [], 'text']) {
    expect((await post(gate, wrong)).status).toBe(400);
  }
  expect((await gate.get('/admission')).status).toBe(405);
});
