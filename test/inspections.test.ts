/** Inspections of images as tasks of a server, from the request to the search afterwards. */
import { createHash } from 'node:crypto';

import { operations, type Image } from '@lazaret/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { buildImage } from '../packages/analysis/src/testing/image-builder.ts';
import {
  buildApp,
  inspectAndWait,
  startWithRegistry,
  waitForInspection,
  type RegistryInstance,
} from './support/registry-instance.ts';
import { visit } from './support/visit.ts';

const { images, inspections, searches, events } = operations;
let lab: RegistryInstance;

beforeAll(async () => {
  lab = await startWithRegistry({ settings: { concurrency: 2 } });
});
afterAll(() => lab.close());

async function push(name: string, text = name): Promise<{ reference: string; digest: string }> {
  const built = await buildApp(text);
  lab.registry.store.putImage(`lab/${name}`, '1', built);
  return { reference: `${lab.registry.host}/lab/${name}:1`, digest: built.descriptor.digest };
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

test('an image is inspected, stored and found again', async () => {
  const { client } = lab.instance;
  const { reference, digest } = await push('shown');
  const ended = await inspectAndWait(client, { reference });
  expect(ended).toMatchObject({
    state: 'finished',
    reference,
    problem: null,
    progress: { phase: 'ended', done: 2, total: 2 },
    images: [{ digest, platform: 'linux/amd64', known: false }],
  });
  const params = { digest };
  const shown = await client.call(images.show, { params });
  expect(shown).toMatchObject({
    names: [reference],
    packages: 1,
    inspection: ended.id,
    distribution: { id: 'debian', versionId: '13' },
    layers: [{ index: 0 }, { index: 1 }],
    coverage: { layers: { examined: 2 } },
  });
  const { items } = await client.call(images.list, { query: { text: 'lab/shown' } });
  expect(items).toMatchObject([{ digest, distribution: 'Debian GNU/Linux 13 (trixie)' }]);
  const packages = await client.call(images.packages, { params });
  expect(packages.items).toMatchObject([{ name: 'bash', version: '5.2.37-2', layer: 0 }]);
});

test('the file tree shows the merged view, one layer, or hidden files', async () => {
  const { client } = lab.instance;
  const { reference, digest } = await push('tree');
  await inspectAndWait(client, { reference });
  const params = { digest };
  const names = async (query: object): Promise<string[]> =>
    (await client.call(images.files, { params, query })).items.map(({ name }) => name);
  expect(await names({})).toEqual(['app', 'etc', 'usr', 'var']);
  expect(await names({ parent: 'var/lib/' })).toEqual(['dpkg']);
  expect(await names({ view: 'layer', layer: 1 })).toEqual(['app']);
  expect(await names({ view: 'hidden' })).toEqual(['srv']);
  const hidden = await client.call(images.files, {
    params,
    query: { view: 'hidden', parent: 'srv' },
  });
  expect(hidden.items).toMatchObject([
    { path: 'srv/gone', layer: 0, hiddenBy: 1, sha256: sha256('hidden by the next layer\n') },
  ]);
  const first = await client.call(images.files, { params, query: { limit: 2 } });
  const cursor = first.next ?? '';
  expect(await names({ limit: 2, cursor })).toEqual(['usr', 'var']);
  await expect(names({ parent: 'no/such' })).rejects.toMatchObject({ code: 'not_found' });
});

test('a directory can be opened if any layer has an entry below it', async () => {
  const { client } = lab.instance;
  const directory = (path: string) => ({ path, type: 'directory' as const });
  const file = (path: string) => ({ path, content: Buffer.from(path) });
  const built = await buildImage({
    layers: [
      { entries: [directory('etc'), file('etc/one'), directory('opt'), file('opt/tool')] },
      // Like COPY and RUN: the parent directories of changes are written again.
      { entries: [directory('etc'), directory('opt'), file('opt/.wh..wh..opq'), file('srv/own')] },
    ],
  });
  lab.registry.store.putImage('lab/replaced', '1', built);
  await inspectAndWait(client, { reference: `${lab.registry.host}/lab/replaced:1` });
  const params = { digest: built.descriptor.digest };
  const opens = async (query: object): Promise<Record<string, boolean>> => {
    const { items } = await client.call(images.files, { params, query });
    return Object.fromEntries(items.map(({ name, hasChildren }) => [name, hasChildren]));
  };
  expect(await opens({})).toEqual({ etc: true, opt: false, srv: true });
  expect(await opens({ limit: 1 })).toEqual({ etc: true });
  expect(await opens({ view: 'layer', layer: 1 })).toEqual({ etc: false, opt: false, srv: true });
  // `etc` was only repeated by a later layer: the directory and its file are still there.
  expect(await opens({ view: 'hidden' })).toEqual({ opt: true });
  for (const query of [{ view: 'hidden' }, { view: 'layer', layer: 0 }] as const) {
    const { items } = await client.call(images.files, { params, query });
    expect(items.map(({ hiddenBy }) => hiddenBy)).toEqual(items.map(() => undefined));
  }
});

test('a file, a path, a package and a rule are found in every image that has them', async () => {
  const { client } = lab.instance;
  const one = await push('found-one');
  const two = await push('found-two');
  for (const { reference } of [one, two]) await inspectAndWait(client, { reference });
  const search = async (query: object) => (await client.call(searches.run, { query })).items;
  const shared = await search({ sha256: sha256('#!bash itself\n'), limit: 200 });
  const found = shared.map(({ image }) => image);
  expect(found).toEqual(expect.arrayContaining([one.digest, two.digest]));
  expect(shared[0]).toMatchObject({
    ...{ kind: 'file', path: 'usr/bin/bash', layer: 0, hiddenBy: null },
    file: { mode: 0o755, sizeBytes: 14 },
  });
  expect(await search({ sha256: sha256('found-one') })).toMatchObject([
    { image: one.digest, path: 'app/own', layer: 1 },
  ]);
  const md5 = createHash('md5').update('found-two').digest('hex').toUpperCase();
  expect(await search({ md5 })).toMatchObject([{ image: two.digest }]);
  const gone = await search({ path: 'srv/g' });
  expect(gone[0]).toMatchObject({ path: 'srv/gone', hiddenBy: 1 });
  const bash = await search({ package: 'bash', limit: 200 });
  expect(bash.map(({ image }) => image)).toEqual(expect.arrayContaining([one.digest, two.digest]));
  const { purl } = bash[0]!.package!;
  expect(await search({ package: purl.split('@')[0] })).toHaveLength(bash.length);
  expect(await search({ rule: 'no-such-rule' })).toEqual([]);
  const pages: string[] = [];
  for (let cursor: string | undefined; ;) {
    const query = { path: 'usr/bin/', limit: 1, cursor };
    const { items, next } = await client.call(searches.run, { query });
    pages.push(...items.map(({ image }) => image ?? ''));
    if (next === null) break;
    cursor = next;
  }
  expect(pages).toHaveLength(new Set(pages).size);
  expect(pages).toEqual(found);
  const both = client.call(searches.run, { query: { path: 'a', rule: 'b' } });
  await expect(both).rejects.toMatchObject({ code: 'invalid_request' });
});

test.each([
  ['json', 'lazaret-inspection/2'],
  ['cyclonedx', 'CycloneDX'],
  ['spdx', 'SPDX-'],
  ['sarif', '2.1.0'],
  ['collector', '"Action":"ADD"'],
])('the report is downloaded as %s', async (format, mark) => {
  const { reference, digest } = await push('downloaded');
  await inspectAndWait(lab.instance.client, { reference });
  const seen = await visit(lab.instance.url, images.report, {
    visitor: { authorization: `Bearer ${lab.instance.adminToken}` },
    params: { digest },
    query: { format },
  });
  expect(seen.status).toBe(200);
  expect(seen.text).toContain(mark);
  expect(seen.headers.get('content-disposition')).toContain('attachment');
  const documents = format === 'collector' ? seen.text.trimEnd().split('\n') : [seen.text];
  for (const one of documents) expect(() => JSON.parse(one) as unknown).not.toThrow();
});

test('two images are compared, with their files on request', async () => {
  const { client } = lab.instance;
  const one = await push('compared', 'one');
  const two = await push('compared-too', 'two');
  for (const { reference } of [one, two]) await inspectAndWait(client, { reference });
  const params = { digest: one.digest, other: two.digest };
  const plain = await client.call(images.compare, { params });
  expect(plain).toMatchObject({ layers: { common: 1, removed: 1, added: 1 } });
  expect(plain.files).toBeUndefined();
  const { files } = await client.call(images.compare, { params, query: { files: true } });
  expect(files).toEqual({
    added: [],
    removed: [],
    changed: [{ path: 'app/own', fields: ['content'] }],
    moved: [],
    notComparable: { before: [], after: [] },
  });
});

test('a removed image is not listed and not found', async () => {
  const { client } = lab.instance;
  const { reference, digest } = await push('removed');
  await inspectAndWait(client, { reference });
  await client.call(images.remove, { params: { digest } });
  await expect(client.call(images.show, { params: { digest } })).rejects.toMatchObject({
    code: 'not_found',
  });
  const { items } = await client.call(searches.run, { query: { sha256: sha256('removed') } });
  expect(items).toEqual([]);
});

test('the same digest is inspected once, under every name and by concurrent requests', async () => {
  const { client } = lab.instance;
  const built = await buildApp('pushed under many names');
  const references = Array.from({ length: 4 }, (_, at) => {
    lab.registry.store.putImage(`lab/again-${at}`, '1', built);
    return `${lab.registry.host}/lab/again-${at}:1`;
  });
  const before = lab.registry.requests.length;
  const ended = await Promise.all(
    references.map((reference) => inspectAndWait(client, { reference })),
  );
  expect(ended.map(({ state }) => state)).toEqual(references.map(() => 'finished'));
  const looked = ended.filter((each) => each.images.some(({ known }) => !known));
  expect(looked).toHaveLength(1);
  const top = built.layers[1]!.digest;
  const asked = lab.registry.requests.slice(before).filter(({ path }) => path.includes(top));
  expect(asked).toHaveLength(1);
  const { items } = await client.call(images.list, { query: { text: 'lab/again-' } });
  expect(items).toHaveLength(1);
  expect((items[0] as Image).names.toSorted()).toEqual(references.toSorted());
});

test('concurrent inspections share no files and mix no results', async () => {
  const { client } = lab.instance;
  const names = ['apart-1', 'apart-2', 'apart-3', 'apart-4'];
  const pushed = await Promise.all(names.map((name) => push(name)));
  await Promise.all(pushed.map(({ reference }) => inspectAndWait(client, { reference })));
  for (const [at, { digest }] of pushed.entries()) {
    const { items } = await client.call(searches.run, {
      query: { sha256: sha256(names[at] ?? '') },
    });
    expect(items.map(({ image }) => image)).toEqual([digest]);
    const files = await client.call(images.files, { params: { digest }, query: { parent: 'app' } });
    expect(files.items.map((one) => one.sha256)).toEqual([sha256(names[at] ?? '')]);
  }
});

test('a stored result is reused, and examined again when forced', async () => {
  const { client } = lab.instance;
  const { reference, digest } = await push('known');
  const first = await inspectAndWait(client, { reference });
  const second = await inspectAndWait(client, { reference });
  const forced = await inspectAndWait(client, { reference, force: true });
  expect([first, second, forced].map((one) => one.images[0]?.known)).toEqual([false, true, false]);
  const shown = await client.call(images.show, { params: { digest } });
  expect(shown.inspection).toBe(forced.id);
});

test('a repeated request with the same key returns the first inspection', async () => {
  const { client } = lab.instance;
  const { reference } = await push('keyed');
  const headers = { 'idempotency-key': 'once-only' };
  const ask = (body: { reference: string; force?: boolean }) =>
    client.call(images.inspect, { body }, { headers });
  const { id } = await ask({ reference });
  await waitForInspection(client, id);
  expect((await ask({ reference })).id).toBe(id);
  await expect(ask({ reference, force: true })).rejects.toMatchObject({
    code: 'idempotency_conflict',
  });
});

test('the registry is taken from the reference, and internal addresses are refused', async () => {
  const { client, url, adminToken } = lab.instance;
  const { reference } = await push('ssrf');
  const before = lab.registry.requests.length;
  const port = lab.registry.host.split(':')[1];
  for (const host of [`localhost:${port}`, `[::1]:${port}`, '169.254.169.254', '10.0.0.1:5000']) {
    const body = { reference: `${host}/lab/ssrf:1` };
    await expect(client.call(images.inspect, { body })).rejects.toMatchObject({
      code: 'invalid_reference',
    });
  }
  expect(lab.registry.requests).toHaveLength(before);
  const seen = await visit(url, images.inspect, {
    visitor: { authorization: `Bearer ${adminToken}`, 'x-forwarded-host': 'evil.example' },
    body: { reference },
  });
  const ended = await waitForInspection(client, (JSON.parse(seen.text) as { id: string }).id);
  expect(ended.state).toBe('finished');
});

test.each([
  ...['/etc', './here', '~root', 'dir:/etc', 'container:web', 'oci:/srv', 'oci-archive:/x.tar'],
  ...[
    'docker-archive:/x.tar',
    'docker-daemon:debian',
    'docker:debian',
    'UPPER CASE',
    'a b',
    'host:99999/x',
    '-x',
  ],
])('%s is refused: a server reads none of its own files for a client', async (reference) => {
  const asked = lab.instance.client.call(images.inspect, { body: { reference } });
  await expect(asked).rejects.toMatchObject({ code: 'invalid_reference' });
});

test('a slow registry blocks no request, and cancelling ends the inspection', async () => {
  const { client } = lab.instance;
  const { reference } = await push('slow');
  lab.registry.faults.on('stalled-body');
  try {
    const asked = await client.call(images.inspect, { body: { reference } });
    expect(['queued', 'running']).toContain(asked.state);
    const params = { id: asked.id };
    await expect
      .poll(async () => (await client.call(inspections.show, { params })).state, {
        timeout: 20_000,
      })
      .toBe('running');
    await client.call(inspections.cancel, { params });
    expect(await waitForInspection(client, asked.id)).toMatchObject({ state: 'cancelled' });
  } finally {
    lab.registry.faults.off();
  }
});

test('an inspection is followed over one stream until it ends', async () => {
  const { client } = lab.instance;
  const { reference } = await push('followed');
  const { id } = await client.call(images.inspect, { body: { reference } });
  const states: string[] = [];
  let last = '';
  for await (const { event, data } of client.stream(inspections.follow, { query: { id } })) {
    last = event;
    if (event === 'inspection') states.push(data.state);
  }
  expect(last).toBe('end');
  expect(states.at(-1)).toBe('finished');
  const missing = client.stream(inspections.follow, { query: { id: [id, '0'.repeat(16)] } });
  await expect(missing.next()).rejects.toMatchObject({ code: 'not_found' });
});

test('a client that disconnects from the stream of an inspection frees it', async () => {
  const { client } = lab.instance;
  const { reference } = await push('left');
  lab.registry.faults.on('stalled-body');
  const { id } = await client.call(images.inspect, { body: { reference } });
  const open = async (): Promise<AbortController> => {
    const abort = new AbortController();
    const { signal } = abort;
    await client.stream(inspections.follow, { query: { id } }, { signal }).next();
    return abort;
  };
  try {
    const streams = await Promise.all(Array.from({ length: 32 }, open));
    await expect(open()).rejects.toMatchObject({ code: 'too_many_requests' });
    for (const stream of streams) stream.abort();
    await expect.poll(() => open().then((stream) => stream.abort())).toBeUndefined();
  } finally {
    lab.registry.faults.off();
    await client.call(inspections.cancel, { params: { id } });
  }
});

test('events report the result, and the audit log records who requested it', async () => {
  const { client } = lab.instance;
  const { reference, digest } = await push('told');
  const { id } = await inspectAndWait(client, { reference });
  await expect
    .poll(
      async () => {
        const query = { type: ['inspection.queued', 'image.inspected'] as const, limit: 200 };
        const { items } = await client.call(events.auditList, { query } as never);
        return items
          .filter(({ subject }) => [id, digest].includes(subject))
          .map(({ type }) => type);
      },
      { timeout: 20_000 },
    )
    .toEqual(['image.inspected', 'inspection.queued']);
});

test('a missing image fails once, with the reason', async () => {
  const reference = `${lab.registry.host}/lab/never:1`;
  const ended = await inspectAndWait(lab.instance.client, { reference });
  expect(ended).toMatchObject({ state: 'failed', attempts: 1, problem: { code: 'not_found' } });
});
