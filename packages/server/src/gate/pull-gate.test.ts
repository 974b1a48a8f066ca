/** Pulls through the gate, from a registry with faults, judged by what is in the database. */

import { buildImage, buildIndex } from '@lazaret/analysis/testing';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import {
  putTiny,
  readRefusal as refusal,
  startGateFixture,
  type GateFixture,
  type Put,
  type TestGate,
} from '../testing/gate-fixture.ts';
import { buildTiny } from '../testing/watch-fixture.ts';

let lab: GateFixture;
let gate: TestGate;

beforeAll(async () => {
  lab = await startGateFixture(inject('databaseUrl'));
  gate = await lab.start();
});
afterAll(() => lab.close());

function put(tag: string, repository = 'lab/app'): Promise<Put> {
  return putTiny(lab, tag, repository);
}

async function sent(answer: Response): Promise<Buffer> {
  return Buffer.from(await answer.arrayBuffer());
}

test('a clean image is pulled by tag and by digest, with its blobs', async () => {
  const { digest, layer, image } = await put('clean');
  await lab.settle(digest, 'pass');
  const byTag = await gate.get('/v2/lab/app/manifests/clean');
  expect([byTag.status, byTag.headers.get('docker-content-digest')]).toEqual([200, digest]);
  expect(await sent(byTag)).toEqual(Buffer.from(image.bytes));
  const head = await gate.get(`/v2/lab/app/manifests/${digest}`, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([
    200,
    String(image.bytes.length),
  ]);
  const blob = await gate.get(`/v2/lab/app/blobs/${layer}`);
  expect(await sent(blob)).toEqual(lab.registry.store.blobs.get(layer));
  const part = await gate.get(`/v2/lab/app/blobs/${layer}`, { headers: { range: 'bytes=2-' } });
  expect([part.status, part.headers.get('content-range')]).toEqual([
    206,
    expect.stringMatching(/^bytes 2-/),
  ]);
  expect(await sent(part)).toEqual(lab.registry.store.blobs.get(layer)?.subarray(2));
});

test('an image with malware is refused with the reason, and so are its blobs by digest', async () => {
  const { digest, layer } = await put('bad');
  await lab.settle(digest, 'block');
  expect(await refusal(await gate.get('/v2/lab/app/manifests/bad'))).toEqual({
    ...{ status: 403, code: 'DENIED' },
    message: expect.stringContaining('lab/app:bad') as unknown,
    detail: expect.objectContaining({ policy: 'lab version 3' }) as unknown,
  });
  expect(await refusal(await gate.get(`/v2/lab/app/manifests/${digest}`))).toMatchObject({
    code: 'DENIED',
    message: expect.stringContaining('malware: Eicar in bin/x') as unknown,
  });
  const blob = await refusal(await gate.get(`/v2/lab/app/blobs/${layer}`));
  expect(blob).toMatchObject({ status: 403, code: 'DENIED' });
});

test('a layer of a refused image is served when an allowed image has it too', async () => {
  const shared = { entries: [{ path: 'base', content: Buffer.from('shared by both') }] };
  const own = { entries: [{ path: 'own', content: Buffer.from('of the bad one') }] };
  const good = await buildImage({ layers: [shared] });
  const bad = await buildImage({ layers: [shared, own] });
  lab.registry.store.putImage('lab/shared', 'good', good);
  lab.registry.store.putImage('lab/shared', 'bad', bad);
  await lab.settle(good.descriptor.digest, 'pass', 'lab/shared');
  await lab.settle(bad.descriptor.digest, 'block', 'lab/shared');
  const [base = '', top = ''] = bad.layers.map(({ digest }) => digest);
  expect((await gate.get('/v2/lab/shared/manifests/bad')).status).toBe(403);
  expect((await gate.get('/v2/lab/shared/manifests/good')).status).toBe(200);
  expect((await gate.get(`/v2/lab/shared/blobs/${base}`)).status).toBe(200);
  expect((await gate.get(`/v2/lab/shared/blobs/${top}`)).status).toBe(403);
});

test('an image that becomes malicious is refused, and its blobs soon after', async () => {
  const { digest } = await put('later');
  await lab.settle(digest, 'pass');
  expect((await gate.get('/v2/lab/app/manifests/later')).status).toBe(200);
  await lab.settle(digest, 'block');
  expect((await gate.get('/v2/lab/app/manifests/later')).status).toBe(403);
});

test('an unknown image arrives with the priority of a person and is held until it is decided', async () => {
  const { digest } = await put('unknown');
  const first = await gate.get('/v2/lab/app/manifests/unknown');
  expect(first.headers.get('retry-after')).toBe('10');
  expect(await refusal(first)).toMatchObject({
    ...{ status: 429, code: 'TOOMANYREQUESTS' },
    message: expect.stringContaining('try again in 10 s') as unknown,
  });
  await gate.get('/v2/lab/app/manifests/unknown');
  const rows = await lab.database
    .selectFrom('arrivals')
    .select(['source', 'priority', 'tag', 'actor', 'state'])
    .where('digest', '=', digest)
    .execute();
  expect(rows).toEqual([
    { source: 'gate', priority: 40, tag: 'unknown', actor: 'anonymous', state: 'waiting' },
  ]);
});

test('a pull waits for the inspection and passes when it ends in time', async () => {
  const waiting = await lab.start({ waitMs: 20_000 });
  const { digest } = await put('waited');
  const pull = waiting.get('/v2/lab/app/manifests/waited');
  await expect
    .poll(() =>
      lab.database.selectFrom('arrivals').select('id').where('digest', '=', digest).execute(),
    )
    .toHaveLength(1);
  await lab.settle(digest, 'pass');
  expect((await pull).status).toBe(200);
});

test('with gateUndecided allow an unknown image passes with a warning', async () => {
  const open = await lab.start({ undecided: 'allow' });
  const { layer } = await put('passed');
  const answer = await open.get('/v2/lab/app/manifests/passed');
  expect([answer.status, answer.headers.get('warning')]).toEqual([
    200,
    expect.stringContaining('299 - "lab/app:passed'),
  ]);
  expect((await open.get(`/v2/lab/app/blobs/${layer}`)).status).toBe(200);
});

test('what was not examined completely is held, not passed as clean', async () => {
  const { digest } = await put('unscanned');
  await lab.settle(digest, 'incomplete');
  expect(await refusal(await gate.get('/v2/lab/app/manifests/unscanned'))).toMatchObject({
    ...{ status: 403, code: 'DENIED' },
    message: expect.stringContaining('no malware scanner ran') as unknown,
  });
});

test('the answer follows the decision in force: warnings pass, quarantine is refused', async () => {
  const answers: (number | string | null)[] = [];
  for (const decision of ['warn', 'fail', 'quarantine'] as const) {
    const { digest } = await put(`ladder-${decision}`);
    await lab.settle(digest, decision);
    const answer = await gate.get(`/v2/lab/app/manifests/${digest}`);
    answers.push(answer.status, answer.headers.get('warning'));
  }
  expect(answers).toEqual([
    200,
    expect.stringContaining('signatures are old'),
    200,
    expect.stringContaining('the policy, which does not block it: malware: Eicar in bin/x'),
    403,
    null,
  ]);
});

test('an inspection that failed a while ago is repeated by a pull', async () => {
  const { digest } = await put('failed');
  await lab.settle(digest, 'failed');
  const path = `/v2/lab/app/manifests/${digest}`;
  expect(await refusal(await gate.get(path))).toMatchObject({ status: 403 });
  await lab.database
    .updateTable('arrivals')
    .set({ settled_at: new Date(Date.now() - 3_600_000) })
    .where('digest', '=', digest)
    .execute();
  expect(await refusal(await gate.get(path))).toMatchObject({ status: 429 });
  const states = await lab.database
    .selectFrom('arrivals')
    .select('state')
    .where('digest', '=', digest)
    .orderBy('id')
    .execute();
  expect(states.map(({ state }) => state)).toEqual(['failed', 'waiting']);
});

test('a tag that moves between two requests never yields another digest than the judged one', async () => {
  const good = await put('moving');
  const bad = await put('moving-bad');
  await lab.settle(good.digest, 'pass');
  await lab.settle(bad.digest, 'block');
  lab.registry.faults.on('moving-tag', 40);
  for (let round = 0; round < 20; round += 1) {
    const answer = await gate.get('/v2/lab/app/manifests/moving');
    const bytes = await sent(answer);
    if (answer.status !== 200) continue;
    const digest = answer.headers.get('docker-content-digest') ?? '';
    const { manifests } = lab.registry.store.repository('lab/app');
    expect(bytes).toEqual(manifests.get(digest)?.bytes);
    expect(digest).not.toBe(bad.digest);
  }
  lab.registry.faults.off('moving-tag');
});

test('an index and each of its children have decisions of their own', async () => {
  const [one, other] = [await buildTiny('amd64'), await buildTiny('arm64')];
  const index = buildIndex({ children: [one, other] });
  lab.registry.store.putImage('lab/multi', '1', index);
  await lab.settle(index.descriptor.digest, 'pass', 'lab/multi');
  await lab.settle(one.descriptor.digest, 'pass', 'lab/multi');
  await lab.settle(other.descriptor.digest, 'block', 'lab/multi');
  const path = '/v2/lab/multi/manifests';
  expect((await gate.get(`${path}/1`)).status).toBe(200);
  expect((await gate.get(`${path}/${one.descriptor.digest}`)).status).toBe(200);
  expect((await gate.get(`${path}/${other.descriptor.digest}`)).status).toBe(403);
});

test('after a restart blobs are served without another request for the manifest', async () => {
  const { digest, layer } = await put('restarted');
  await lab.settle(digest, 'pass');
  expect((await gate.get('/v2/lab/app/manifests/restarted')).status).toBe(200);
  const other = await lab.start();
  const before = lab.registry.requests.length;
  expect((await other.get(`/v2/lab/app/blobs/${layer}`)).status).toBe(200);
  const asked = lab.registry.requests.slice(before).map(({ path }) => path);
  expect(asked).toEqual([`/v2/lab/app/blobs/${layer}`]);
});

test('a blob that is asked for before its manifest is found in what arrived', async () => {
  const { digest, layer } = await put('1', 'lab/recovered');
  const unknown = `sha256:${'0'.repeat(64)}`;
  await lab.settle(digest, 'pass', 'lab/recovered');
  expect((await gate.get(`/v2/lab/recovered/blobs/${layer}`)).status).toBe(200);
  const missing = await refusal(await gate.get(`/v2/lab/recovered/blobs/${unknown}`));
  expect(missing).toMatchObject({ status: 404, code: 'BLOB_UNKNOWN' });
});

test('redirects to the storage of the registry are followed, or passed on', async () => {
  const passing = await lab.start({ redirects: 'pass' });
  const { digest, layer } = await put('stored');
  await lab.settle(digest, 'pass');
  expect((await gate.get('/v2/lab/app/manifests/stored')).status).toBe(200);
  lab.registry.faults.on('redirect-elsewhere');
  const followed = await gate.get(`/v2/lab/app/blobs/${layer}`);
  const passed = await passing.get(`/v2/lab/app/blobs/${layer}`);
  lab.registry.faults.off('redirect-elsewhere');
  expect(await sent(followed)).toEqual(lab.registry.store.blobs.get(layer));
  expect([passed.status, passed.headers.get('location')]).toEqual([
    307,
    expect.stringContaining(`${lab.registry.storageHost}/storage/${layer}`),
  ]);
});

test('a registry that redirects to an internal address is not followed', async () => {
  const { digest, layer } = await put('inside');
  await lab.settle(digest, 'pass');
  expect((await gate.get('/v2/lab/app/manifests/inside')).status).toBe(200);
  lab.registry.faults.on('redirect-inside');
  const answer = await refusal(await gate.get(`/v2/lab/app/blobs/${layer}`));
  lab.registry.faults.off('redirect-inside');
  expect(answer).toMatchObject({ status: 503, code: 'UNAVAILABLE' });
});

test('failures of the registry are answered as such, and a flapping one is asked again', async () => {
  const { digest } = await put('flapping');
  await lab.settle(digest, 'pass');
  lab.registry.faults.on('flapping', 1);
  expect((await gate.get('/v2/lab/app/manifests/flapping')).status).toBe(200);
  lab.registry.faults.on('long-pause', 1);
  const limited = await gate.get('/v2/lab/app/manifests/flapping');
  expect(limited.headers.get('retry-after')).toBe('86400');
  expect(await refusal(limited)).toMatchObject({ status: 429, code: 'TOOMANYREQUESTS' });
  const missing = await refusal(await gate.get('/v2/lab/app/manifests/no-such-tag'));
  expect(missing).toMatchObject({ status: 404, code: 'MANIFEST_UNKNOWN' });
});

test('a blob that breaks off is a broken transfer, never a short one', async () => {
  const { digest, layer } = await put('broken');
  await lab.settle(digest, 'pass');
  expect((await gate.get('/v2/lab/app/manifests/broken')).status).toBe(200);
  lab.registry.faults.on('truncated-body', 1);
  await expect(gate.get(`/v2/lab/app/blobs/${layer}`).then(sent)).rejects.toThrow();
});

test('writes, the catalog and malformed requests are refused in the form of the specification', async () => {
  const upload = await gate.get('/v2/lab/app/blobs/uploads/', { method: 'POST' });
  expect(upload.headers.get('allow')).toBe('GET, HEAD');
  expect(await refusal(upload)).toMatchObject({ status: 405, code: 'UNSUPPORTED' });
  const codes = await Promise.all(
    [
      '/v2/_catalog',
      '/v2/lab/app/manifests/sha256:12',
      '/v2/Lab/manifests/1',
      '/v2/lab/app/blobs/x',
    ].map(async (path) => (await refusal(await gate.get(path))).code),
  );
  expect(codes).toEqual(['UNSUPPORTED', 'DIGEST_INVALID', 'NAME_INVALID', 'DIGEST_INVALID']);
});

test('lists are passed on page by page, with links to the gate', async () => {
  const named = await lab.start({ registry: undefined, catalog: true });
  for (const tag of ['a', 'b', 'c']) await put(tag, 'lab/listed');
  const first = await named.get('/v2/lab-1/lab/listed/tags/list?n=2');
  expect(await first.json()).toEqual({ name: 'lab-1/lab/listed', tags: ['a', 'b'] });
  const [, next = ''] = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '') ?? [];
  expect(next).toMatch(/^\/v2\/lab-1\/lab\/listed\/tags\/list\?/);
  expect(await (await named.get(next)).json()).toMatchObject({ tags: ['c'] });
  const referrers = await named.get(`/v2/lab-1/lab/listed/referrers/sha256:${'1'.repeat(64)}`);
  expect([referrers.status, (await sent(referrers)).toString()]).toEqual([
    200,
    expect.stringContaining('"manifests":[]'),
  ]);
  const catalog = await named.get(`/v2/_catalog?n=1&ns=${lab.registry.host}`);
  expect([catalog.status, catalog.headers.get('link')]).toEqual([
    200,
    expect.stringContaining(`ns=${encodeURIComponent(lab.registry.host)}`),
  ]);
});

test('registries are found by name or as a mirror, and never by a request alone', async () => {
  const named = await lab.start({ registry: undefined });
  await lab.watch({ kind: 'local' }, 'local');
  const { digest } = await put('named');
  await lab.settle(digest, 'pass');
  expect((await named.get('/v2/lab-1/lab/app/manifests/named')).status).toBe(200);
  const mirrored = `/v2/lab/app/manifests/named?ns=${lab.registry.host}`;
  expect((await named.get(mirrored)).status).toBe(200);
  for (const path of [
    '/v2/other/lab/app/manifests/named',
    '/v2/lab/app/manifests/named?ns=169.254.169.254',
    '/v2/app/manifests/named',
    '/v2/lab/app/manifests/named?ns=local',
  ]) {
    expect(await refusal(await named.get(path))).toMatchObject({ code: 'NAME_UNKNOWN' });
  }
});

test('without a token nothing is served; the password of Basic is the token', async () => {
  const closed = await lab.start({ anonymous: false });
  const challenge = await closed.get('/v2/');
  expect([challenge.status, challenge.headers.get('www-authenticate')]).toEqual([
    401,
    'Basic realm="Lazaret gate"',
  ]);
  const basic = (token: string) => ({
    headers: { authorization: `Basic ${Buffer.from(`any:${token}`).toString('base64')}` },
  });
  expect((await closed.get('/v2/', basic(lab.token))).status).toBe(200);
  expect((await closed.get('/v2/', basic(`lz_${'a'.repeat(43)}`))).status).toBe(401);
  const bearer = { headers: { authorization: `Bearer ${lab.token}` } };
  expect((await closed.get('/v2/', bearer)).status).toBe(200);
});

test('a client that repeats a refused pull causes one event', async () => {
  const { digest } = await put('looping');
  await lab.settle(digest, 'block');
  for (let round = 0; round < 5; round += 1) await gate.get('/v2/lab/app/manifests/looping');
  const read = () =>
    lab.database
      .selectFrom('events')
      .select(['type', 'actor', 'data'])
      .where('subject', '=', `${lab.registry.host}/lab/app:looping@${digest}`)
      .execute();
  await expect.poll(read).toHaveLength(1);
  expect((await read())[0]).toMatchObject({
    ...{ type: 'pull.denied', actor: 'anonymous' },
    data: { registry: 'lab-1', reason: 'malware: Eicar in bin/x', policy: 'lab version 3' },
  });
});

test('a client that disconnects ends the transfer from the registry', async () => {
  const { digest, layer } = await put('abandoned');
  await lab.settle(digest, 'pass');
  expect((await gate.get('/v2/lab/app/manifests/abandoned')).status).toBe(200);
  lab.registry.faults.on('stalled-body', 1);
  const stop = new AbortController();
  const path = `/v2/lab/app/blobs/${layer}`;
  const answer = await gate.get(path, { signal: stop.signal });
  expect(answer.status).toBe(200);
  stop.abort();
  // The next transfer is answered: nothing of the first one is left.
  expect(await sent(await gate.get(path))).toEqual(lab.registry.store.blobs.get(layer));
});
