/**
 * Files by their SHA-256: their information, their content read again from the source of an image,
 * archives of images, and the search for all of it.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { operations, type Client, type Inspection, type OperationOutput } from '@lazaret/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { buildImage, type BuiltImage } from '../packages/analysis/src/testing/image-builder.ts';
import {
  newDockerFiles,
  ociFiles,
  packFiles,
} from '../packages/analysis/src/testing/write-image.ts';
import {
  baseLayer,
  inspectAndWait,
  startWithRegistry,
  waitForInspection,
  type RegistryInstance,
} from './support/registry-instance.ts';
import { engineFolders } from './support/instance.ts';
import { addPerson, visit, type Person } from './support/visit.ts';

const { files, inspections, artifacts, searches, lookups, events, jobs, access } = operations;

const sample = Buffer.from(`#!/bin/sh\necho ${'unusual sample '.repeat(50)}\n`);
const rules = 'rule Unusual_Sample { strings: $a = "unusual sample" condition: $a }';
let directory: string;
let lab: RegistryInstance;
let client: Client;
let image: BuiltImage;
let viewer: Person;
let investigator: Person;

const hashOf = (bytes: Uint8Array, algorithm = 'sha256'): string =>
  createHash(algorithm).update(bytes).digest('hex');
const sha256 = hashOf(sample);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-files-'));
  await writeFile(join(directory, 'rules.yar'), rules);
  lab = await startWithRegistry({
    engines: [engineFolders.strings],
    settings: { yaraRules: [join(directory, 'rules.yar')] },
  });
  ({ client } = lab.instance);
  image = await imageOf('first');
  lab.registry.store.putImage('lab/files', '1', image);
  await inspectAndWait(client, { reference: `${lab.registry.host}/lab/files:1` });
  await client.call(access.projectCreate, { body: { name: 'red' } });
  viewer = await addPerson(lab.instance, 'vera', [{ role: 'viewer', project: null }]);
  investigator = await addPerson(lab.instance, 'ivan', [
    { role: 'investigator', project: 'default' },
  ]);
});
afterAll(async () => {
  await lab.close();
  await rm(directory, { recursive: true });
});

function imageOf(text: string, names: readonly string[] = []): Promise<BuiltImage> {
  const top = {
    entries: [
      { path: 'opt/unusual-sample.sh', content: sample, mode: 0o755 },
      { path: 'opt/own', content: Buffer.from(text) },
      { path: 'srv/.wh.gone', content: Buffer.alloc(0) },
    ],
  };
  return buildImage({ names, layers: [baseLayer, top] });
}

async function readZip(response: Response): Promise<Buffer> {
  const path = join(directory, 'download.zip');
  await writeFile(path, Buffer.from(await response.arrayBuffer()));
  return execFileSync('unzip', ['-p', '-P', 'infected', path]);
}

/** The audit entries about a file, the latest first. */
async function audited(digest: string): Promise<string[]> {
  const { items } = await client.call(events.auditList, { query: { subject: digest } });
  return items.map(({ type, actor }) => `${type} by ${actor}`);
}

test('a file combines the images that have it, its digests, and its findings', async () => {
  const file = await client.call(files.show, { params: { sha256 } });
  expect(file).toMatchObject({
    ...{ sha1: hashOf(sample, 'sha1'), md5: hashOf(sample, 'md5'), sizeBytes: sample.length },
    names: ['unusual-sample.sh'],
    artifacts: [],
    findings: [{ scanner: 'yara', rule: 'Unusual_Sample', images: 1 }],
  });
  expect(file.places.items).toMatchObject([
    { image: image.descriptor.digest, layer: 1, path: 'opt/unusual-sample.sh', hiddenBy: null },
  ]);
  const hidden = hashOf(Buffer.from('hidden by the next layer\n'));
  const { places } = await client.call(files.show, { params: { sha256: `sha256:${hidden}` } });
  expect(places.items).toMatchObject([{ path: 'srv/gone', layer: 0, hiddenBy: 1 }]);
  const absent = client.call(files.show, { params: { sha256: '0'.repeat(64) } });
  await expect(absent).rejects.toMatchObject({ code: 'not_found' });
});

test('a file of an image is previewed in parts and downloaded in an encrypted archive', async () => {
  const whole = await client.call(files.preview, { params: { sha256 } });
  expect(whole).toMatchObject({ sizeBytes: sample.length, offset: 0, source: 'image' });
  expect(Buffer.from(whole.bytes, 'base64')).toEqual(sample);
  const query = { offset: 10, length: 5 };
  const part = await client.call(files.preview, { params: { sha256 }, query });
  expect(Buffer.from(part.bytes, 'base64')).toEqual(sample.subarray(10, 15));
  const past = { offset: 1_000_000 };
  expect((await client.call(files.preview, { params: { sha256 }, query: past })).bytes).toBe('');
  const previewed = { subject: sha256, type: ['file.previewed' as const] };
  // Every part that was sent, so that reading all of it in parts is seen.
  await expect
    .poll(async () => (await client.call(events.auditList, { query: previewed })).items)
    .toMatchObject([
      { data: { offset: 10, bytes: 5 } },
      { data: { offset: 0, bytes: sample.length } },
    ]);
  const response = await client.open(files.download, { params: { sha256 } });
  expect(response.headers.get('content-disposition')).toContain(`${sha256}.zip`);
  expect(await readZip(response)).toEqual(sample);
  await expect
    .poll(() => audited(sha256))
    .toEqual(expect.arrayContaining([expect.stringMatching(/^file\.downloaded by /)]));
  expect(await audited(sha256)).toEqual(
    expect.arrayContaining([expect.stringMatching(/^file\.previewed by /)]),
  );
});

test('a viewer sees the information about a file, and not its content', async () => {
  const { url } = lab.instance;
  const params = { sha256 };
  expect((await visit(url, files.show, { visitor: viewer.session, params })).status).toBe(200);
  for (const operation of [files.preview, files.download]) {
    const seen = await visit(url, operation, { visitor: viewer.session, params });
    expect(seen).toMatchObject({ status: 403, code: 'forbidden' });
  }
  const allowed = await visit(url, files.preview, { visitor: investigator.session, params });
  expect(allowed.status).toBe(200);
});

test('a file is read only through a project in which files may be read', async () => {
  const red = await imageOf('of another project');
  lab.registry.store.putImage('lab/red', '1', red);
  const reference = `${lab.registry.host}/lab/red:1`;
  await inspectAndWait(client, { reference, project: 'red' });
  const params = { sha256: hashOf(Buffer.from('of another project')) };
  const { url } = lab.instance;
  const seen = await visit(url, files.preview, { visitor: investigator.token, params });
  expect(seen).toMatchObject({ status: 404, code: 'not_found' });
  const known = await visit(url, files.show, { visitor: investigator.token, params });
  expect(known).toMatchObject({ status: 404, code: 'not_found' });
});

test('a file whose image was deleted from its registry is reported as unavailable, with the reason', async () => {
  const content = Buffer.from('a file of an image that is removed later');
  const removed = await buildImage({ layers: [{ entries: [{ path: 'a/b', content }] }] });
  lab.registry.store.putImage('lab/removed', '1', removed);
  await inspectAndWait(client, { reference: `${lab.registry.host}/lab/removed:1` });
  lab.registry.store.repositories.delete('lab/removed');
  for (const { descriptor } of removed.layers) lab.registry.store.blobs.delete(descriptor.digest);
  const lost = client.call(files.preview, { params: { sha256: hashOf(content) } });
  await expect(lost).rejects.toMatchObject({
    code: 'source_unavailable',
    message: expect.stringContaining('/lab/removed:1') as string,
  });
});

async function upload(name: string, bytes: Uint8Array): Promise<Inspection> {
  const { id } = await client.call(inspections.upload, { query: { name }, body: bytes });
  return waitForInspection(client, id);
}

test.each([
  ['docker save', newDockerFiles, false],
  ['OCI layout', ociFiles, false],
  ['compressed docker save', newDockerFiles, true],
])(
  'every image of an uploaded %s archive gets a report, and keeps its files',
  async (kind, pack, zipped) => {
    const own = Buffer.from(`own file of ${kind}`);
    const one = await imageOf(own.toString(), [
      `lab/one-${kind.replaceAll(' ', '-').toLowerCase()}:1`,
    ]);
    const two = await imageOf(`second of ${kind}`, ['lab/two:2']);
    const plain = await packFiles(pack([one, two]));
    const bytes = zipped ? gzipSync(plain) : plain;
    const ended = await upload(`${kind}.tar`, bytes);
    expect(ended).toMatchObject({
      ...{ state: 'finished', problem: null, reference: `artifact:${hashOf(bytes)}` },
      archive: { sha256: hashOf(bytes), name: `${kind}.tar`, sizeBytes: bytes.length },
    });
    expect(ended.images.map(({ digest }) => digest).toSorted()).toEqual(
      [one.descriptor.digest, two.descriptor.digest].toSorted(),
    );
    const archive = await client.call(artifacts.show, { params: { sha256: hashOf(bytes) } });
    expect(archive.name).toBe(`${kind}.tar`);
    const read = await client.call(files.preview, { params: { sha256: hashOf(own) } });
    expect(Buffer.from(read.bytes, 'base64')).toEqual(own);
  },
);

test('a stored archive is inspected again by its reference', async () => {
  const bytes = await packFiles(newDockerFiles([await imageOf('again', ['lab/again:1'])]));
  const first = await upload('again.tar', bytes);
  const body = { reference: `artifact:${hashOf(bytes)}`, platform: 'all', force: true };
  const second = await inspectAndWait(client, body);
  expect(second.id).not.toBe(first.id);
  expect(second.images).toMatchObject([{ name: 'lab/again:1', known: false }]);
  const unknown = client.call(operations.images.inspect, {
    body: { reference: `artifact:${'0'.repeat(64)}` },
  });
  await expect(unknown).rejects.toMatchObject({ code: 'not_found' });
});

test('with an image a content is read from that image, not from an artifact', async () => {
  const bytes = await packFiles(newDockerFiles([await imageOf('stored', ['lab/stored:1'])]));
  const ended = await upload('stored.tar', bytes);
  const params = { sha256: hashOf(bytes) };
  expect(await client.call(files.preview, { params })).toMatchObject({ source: 'artifact' });
  const other = { params, query: { image: ended.images[0]?.digest ?? '' } };
  await expect(client.call(files.preview, other)).rejects.toMatchObject({ code: 'not_found' });
});

test.each([
  ['nothing', Buffer.alloc(0), 'the upload is empty'],
  ['another format', Buffer.from('\x7fELF is not a tar archive '.repeat(100)), 'not a tar archive'],
  ['two bytes of gzip', Buffer.from([0x1f, 0x8b]), 'the gzip content ends after 0 bytes'],
  ['a compressed text', gzipSync('text '.repeat(9_000)), 'the gzip content is not a tar archive'],
  ['half a header', Buffer.alloc(300, 'x'), 'the upload ends after 300 bytes'],
  ['a tar archive of zeros', Buffer.alloc(10_240), 'a tar archive without any file'],
])('an upload of %s is refused with the reason, and is not stored', async (_, bytes, reason) => {
  const refused = client.call(inspections.upload, { query: { name: 'a.tar' }, body: bytes });
  await expect(refused).rejects.toMatchObject({
    ...{ code: 'invalid_archive', status: 422, message: expect.stringContaining(reason) },
  });
  const params = { sha256: hashOf(bytes) };
  await expect(client.call(artifacts.show, { params })).rejects.toMatchObject({
    code: 'not_found',
  });
});

test('an archive that is damaged further on is stored, and its inspection reports the damage', async () => {
  const packed = gzipSync(await packFiles(newDockerFiles([await imageOf('cut')])));
  const ended = await upload('cut.tar.gz', packed.subarray(0, packed.length - 40));
  expect(ended.state).toBe('failed');
  expect(ended.problem?.detail).toMatch(/truncated|damaged|end/i);
});

test('a tar archive without an image fails with a specific problem', async () => {
  const bytes = await packFiles(new Map([['a.txt', { path: 'a.txt', content: Buffer.from('a') }]]));
  const ended = await upload('not-an-image.tar', bytes);
  expect(ended.state).toBe('failed');
  expect(ended.problem?.detail).toMatch(/manifest\.json|oci-layout|image/);
});

test('a file of an image becomes an artifact and a job, with its origin', async () => {
  const content = Buffer.from('a file that is submitted to an engine');
  const source = await buildImage({ layers: [{ entries: [{ path: 'x/to-submit', content }] }] });
  lab.registry.store.putImage('lab/submit', '1', source);
  await inspectAndWait(client, { reference: `${lab.registry.host}/lab/submit:1` });
  const params = { sha256: hashOf(content) };
  const body = { engine: 'strings' };
  const job = await client.call(files.submit, { params, body });
  expect(job.inputs).toMatchObject([{ sha256: params.sha256, name: 'to-submit' }]);
  const file = await client.call(files.show, { params });
  expect(file).toMatchObject({
    artifacts: [{ project: 'default', name: 'to-submit' }],
    jobs: { count: 1, items: [{ id: job.id, engine: 'strings' }] },
    origins: [
      {
        ...{ image: source.descriptor.digest, layer: 0, path: 'x/to-submit' },
        reference: `${lab.registry.host}/lab/submit:1`,
      },
    ],
  });
  // Stored now: read from the blob store, independent of the image.
  lab.registry.store.repositories.delete('lab/submit');
  expect((await client.call(files.preview, { params })).source).toBe('artifact');
  const query = { waitSeconds: 50 };
  const ended = await client.call(jobs.show, { params: { id: job.id }, query });
  expect(ended.state).toBe('succeeded');
  const [result] = ended.artifacts;
  const made = await client.call(files.show, { params: { sha256: result?.sha256 ?? '' } });
  expect(made.results.items).toMatchObject([{ job: job.id, engine: 'strings' }]);
});

test('one text finds jobs, images, artifacts, files, packages and findings', async () => {
  const find = async (text: string) => {
    const { groups, items } = await client.call(searches.run, { query: { text, perKind: 3 } });
    const found = groups.filter(({ count }) => count > 0).map(({ kind }) => kind);
    return { found, items };
  };
  expect((await find(sha256)).found).toEqual(['file', 'finding']);
  expect((await find(hashOf(sample, 'md5').toUpperCase())).found).toEqual(['file']);
  expect((await find(sha256.slice(0, 12))).found).toContain('file');
  expect((await find('usual-samp')).found).toEqual(['file']);
  expect((await find('/opt/unusual')).found).toEqual(['file']);
  expect((await find('opt/unusual')).found).toEqual(['file']);
  expect((await find('bas')).found).toContain('package');
  expect((await find('unusual_s')).found).toEqual(['finding']);
  expect((await find('lab/files')).found).toEqual(['image']);
  expect((await find('to-submit')).found).toEqual(['job', 'artifact', 'file']);
  const { items } = await find('lab/files:1');
  expect(items).toMatchObject([{ kind: 'image', id: image.descriptor.digest }]);
  expect((await find(image.descriptor.digest)).found).toContain('image');
});

test('pages of a search cover all kinds, each hit once', async () => {
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const query = { text: 'unusual', limit: 2, ...(cursor === undefined ? {} : { cursor }) };
    const page = await client.call(searches.run, { query });
    expect(page.items.length).toBeLessThanOrEqual(2);
    seen.push(...page.items.map((hit) => `${hit.kind} ${hit.image} ${hit.layer} ${hit.id}`));
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  expect(seen.length).toBe(new Set(seen).size);
  expect(seen.some((hit) => hit.startsWith('file'))).toBe(true);
  expect(seen.some((hit) => hit.startsWith('finding'))).toBe(true);
});

test.each([
  ['two fields at once', { text: 'a', path: 'b' }],
  ['no text', { text: '   ' }],
  ['a kind without a text', { kind: 'file', sha256: '0'.repeat(64) }],
  ['a cursor of another list', { text: 'a', cursor: 'bm90aGluZw' }],
])('a search with %s is refused', async (_, query) => {
  const refused = client.call(searches.run, { query: query as { text: string } });
  await expect(refused).rejects.toMatchObject({ code: 'invalid_request' });
});

test('a search shows nothing of invisible projects', async () => {
  const query = { text: 'of another project' };
  const params = {};
  const { url } = lab.instance;
  const outside = await visit(url, searches.run, { visitor: investigator.token, query, params });
  expect(JSON.parse(outside.text)).toMatchObject({ items: [] });
  const names = { text: 'lab/red' };
  const hidden = await visit(url, searches.run, { visitor: investigator.token, query: names });
  expect(JSON.parse(hidden.text)).toMatchObject({ items: [] });
  expect((await client.call(searches.run, { query: names })).items).toHaveLength(1);
});

test('a lookup answers each indicator in its order: files, images, packages, unknown ones', async () => {
  const { digest } = image.descriptor;
  const bad = [
    sha256,
    hashOf(sample, 'md5'),
    `sha1:${hashOf(sample, 'sha1').toUpperCase()}`,
    digest,
  ];
  const unknown = ['f'.repeat(64), 'pkg:deb/debian/nothing-like-this'];
  const body = { indicators: [...bad, ...unknown, sha256] };
  const { items } = await client.call(lookups.run, { body });
  expect(items.map(({ indicator, known, verdict }) => [indicator, known, verdict])).toEqual([
    ...bad.map((one) => [one, true, 'malicious']),
    ...unknown.map((one) => [one, false, null]),
    [sha256, true, 'malicious'],
  ]);
  const [file] = items;
  expect(file?.findings).toMatchObject([{ scanner: 'yara', rule: 'Unusual_Sample' }]);
  expect(file?.images.count).toBeGreaterThanOrEqual(file?.images.items.length ?? 0);
  expect(file?.images.items[0]?.path).toMatch(/^\S+$/);
  expect(items[3]?.images.items).toMatchObject([{ digest, path: null }]);
});

test('a lookup knows the jobs that read or produced a content', async () => {
  const { jobs: found } = await client.call(files.show, { params: { sha256 } });
  const { items } = await client.call(lookups.run, { body: { indicators: [sha256] } });
  expect(items[0]?.jobs.count).toBe(found.count);
  expect(items[0]?.jobs.items.map(({ id }) => id)).toEqual(
    found.items.slice(0, 5).map(({ id }) => id),
  );
});

test('a lookup does not include other projects', async () => {
  const other = await addPerson(lab.instance, 'rita', [{ role: 'investigator', project: 'red' }]);
  const seen = await visit(lab.instance.url, lookups.run, {
    visitor: other.token,
    body: { indicators: [image.descriptor.digest] },
  });
  expect(seen.status).toBe(200);
  const { items } = JSON.parse(seen.text) as OperationOutput<typeof lookups.run>;
  expect(items).toMatchObject([{ known: false, verdict: null }]);
});

test('a lookup refuses what is neither a digest nor a purl', async () => {
  const body = { indicators: [sha256, 'evil.exe'] };
  await expect(client.call(lookups.run, { body })).rejects.toThrow(/invalid_request|expected/);
});
