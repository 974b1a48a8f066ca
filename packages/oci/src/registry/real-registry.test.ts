/** Debian's docker-registry as a real registry, and skopeo as a real client of the fake one. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, onTestFinished, test } from 'vitest';

import { buildIndex } from '@lazaret/analysis/testing';
import { type DebianRegistryOptions, startDebianRegistry } from '../testing/debian-registry.ts';
import { issueCertificates } from '../testing/issue-certificates.ts';
import { loadImages } from '@lazaret/analysis/testing';
import { pushImage } from '../testing/push-image.ts';
import {
  buildSample,
  digestLayer,
  digestLayers,
  firstImage,
  useRegistryHarness,
} from '@lazaret/analysis/testing';
import { newDockerFiles, packFiles } from '@lazaret/analysis/testing';
import { headManifest, listReferrers, listRepositories, listTags } from './list-pages.ts';
import { openRegistryClient } from './registry-source.ts';

const harness = useRegistryHarness();
const run = promisify(execFile);
/** bcrypt of "pass word", made with crypt(3). */
const htpasswd = 'ana:$2y$05$abcdefghijklmnopqrstuuIt/9/tGzLcigNq/.RWIDjeEVR30RSf.\n';

async function startDebian(options: DebianRegistryOptions = {}) {
  const registry = await startDebianRegistry(options);
  onTestFinished(() => registry.close());
  return registry;
}

async function temporary(): Promise<string> {
  const place = await mkdtemp(join(tmpdir(), 'registry-'));
  onTestFinished(() => rm(place, { recursive: true }));
  return place;
}

test('an index pushed to a real registry is read back completely', async () => {
  const { host } = await startDebian();
  const children = await Promise.all(
    ['amd64', 'arm64'].map((architecture) =>
      buildSample({ platform: { os: 'linux', architecture }, mediaTypes: 'docker' }),
    ),
  );
  const index = buildIndex({ children, mediaTypes: 'docker' });
  await pushImage({ origin: `http://${host}`, repository: 'team/app', tag: '1.0' }, index);
  const { images, diagnostics } = await harness.open(`${host}/team/app:1.0`).list('all');
  expect(diagnostics).toEqual([]);
  expect(images.map(({ manifestDigest }) => manifestDigest)).toEqual(
    children.map(({ descriptor }) => descriptor.digest),
  );
  for (const [at, image] of images.entries()) {
    expect(image.indexDigest).toBe(index.descriptor.digest);
    expect(await digestLayers(image)).toEqual(children[at]?.layers.map(({ digest }) => digest));
  }
  await expect(harness.open(`${host}/team/app:2.0`).list('all')).rejects.toMatchObject({
    code: 'not_found',
  });
  await expect(harness.open(`${host}/nobody/app`).list('all')).rejects.toMatchObject({
    code: 'not_found',
  });
});

test('a layer from a real registry resumes after a lost connection', async () => {
  const { host } = await startDebian();
  const built = await buildSample();
  await pushImage({ origin: `http://${host}`, repository: 'app', tag: 'latest' }, built);
  const cutter = await startCutter(host);
  const { images } = await harness.open(`${cutter.host}/app`).list('default');
  cutter.cuts = 2;
  expect(await digestLayer(firstImage(images).layers[1])).toBe(built.layers[1]?.digest);
  expect(cutter.statuses.slice(-3)).toEqual([200, 206, 206]);
});

test('a real registry lists tags and repositories in pages, supports HEAD, and has no referrers', async () => {
  const { host } = await startDebian();
  const built = await buildSample();
  const tags = ['a', 'b', 'c', 'd', 'e'];
  for (const tag of tags) {
    await pushImage({ origin: `http://${host}`, repository: `team/${tag}`, tag }, built);
    await pushImage({ origin: `http://${host}`, repository: 'app', tag }, built);
  }
  const { client, close } = openRegistryClient(host, { clock: harness.clock });
  onTestFinished(close);
  const found = await listTags(client, 'app', { pageItems: 2 });
  expect(found.toSorted()).toEqual(tags);
  expect(await listRepositories(client, { pageItems: 2 })).toEqual([
    'app',
    ...tags.map((tag) => `team/${tag}`),
  ]);
  const head = await headManifest(client, { repository: 'app', selector: 'a' });
  expect(head).toMatchObject({ digest: built.descriptor.digest, sizeBytes: built.bytes.length });
  const subject = { repository: 'app', digest: built.descriptor.digest };
  expect(await listReferrers(client, subject)).toEqual([]);
});

test('a real registry with TLS and passwords is read with both, and refused without', async () => {
  const certificates = issueCertificates(['127.0.0.1']);
  const { host } = await startDebian({ htpasswd, tls: certificates.server });
  const mirror = await harness.start();
  const built = await buildSample();
  mirror.store.putImage('app', 'latest', built);
  const network = { certificates: { [host]: { ca: [certificates.ca] } } };
  const place = await temporary();
  const target = `docker://${host}/app:latest`;
  await run('skopeo', [
    ...['--insecure-policy', '--tmpdir', place, 'copy', '--src-tls-verify=false'],
    ...['--dest-tls-verify=false', '--dest-creds', 'ana:pass word'],
    ...[`docker://${mirror.host}/app:latest`, target],
  ]);
  const credential = { kind: 'password', username: 'ana', password: 'pass word' } as const;
  const options = { network, credentials: { find: async () => credential } };
  const { images } = await harness.open(`${host}/app`, options).list('default');
  // skopeo compresses uncompressed layers, so digests change, and diffIDs do not.
  const image = firstImage(images);
  expect(await digestLayers(image)).toEqual(image.layers.map(({ digest }) => digest));
  expect(image.layers.map(({ diffId }) => diffId)).toEqual(
    built.layers.map(({ diffId }) => diffId),
  );
  const wrong = { ...credential, password: 'other' };
  for (const find of [async () => undefined, async () => wrong]) {
    const source = harness.open(`${host}/app`, { network, credentials: { find } });
    await expect(source.list('default')).rejects.toMatchObject({ code: 'unauthorized' });
  }
});

test('the fake registry accepts pushes of skopeo and plain HTTP, and loads saved images', async () => {
  const users = { ana: 'secret' };
  const registry = await harness.start({ access: { mode: 'token', users }, tls: true });
  const built = await buildSample({ mediaTypes: 'docker', names: ['lab/saved:1'] });
  const place = await temporary();
  const archive = join(place, 'saved.tar');
  await writeFile(archive, await packFiles(newDockerFiles([built])));
  await run('skopeo', [
    ...['--insecure-policy', '--tmpdir', place, 'copy', '--dest-tls-verify=false'],
    ...['--dest-creds', 'ana:secret', `docker-archive:${archive}`],
    `docker://${registry.host}/team/pushed:1`,
  ]);
  const network = { certificates: { [registry.host]: { ca: [registry.certificates?.ca ?? ''] } } };
  const credential = { kind: 'password', username: 'ana', password: 'secret' } as const;
  const options = { network, credentials: { find: async () => credential } };
  const { images } = await harness.open(`${registry.host}/team/pushed:1`, options).list('default');
  expect(firstImage(images).layers.map(({ diffId }) => diffId)).toEqual(
    built.layers.map(({ diffId }) => diffId),
  );
  const open = await harness.start();
  await pushImage({ origin: `http://${open.host}`, repository: 'app', tag: '1' }, built);
  expect(await loadImages(open.store, archive)).toEqual(['lab/saved:1']);
  for (const name of ['app', 'lab/saved']) {
    const listed = await harness.open(`${open.host}/${name}:1`).list('default');
    expect(listed.images).toMatchObject([{ configDigest: built.configDigest }]);
  }
});

test('npm run registry serves an archive, prints its address, and injects faults', async () => {
  const built = await buildSample({ names: ['lab/saved:1'] });
  const archive = join(await temporary(), 'saved.tar');
  await writeFile(archive, await packFiles(newDockerFiles([built])));
  const child = execFile(process.execPath, [
    ...['tools/registry.ts', '--fault', 'truncated-body:1', '--fault', 'flapping:2', archive],
  ]);
  const ended = new Promise((resolve) => child.once('close', resolve));
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  child.stdout?.on('data', (text: string) => (said += text));
  child.stderr?.on('data', (text: string) => (said += text));
  await expect.poll(() => said).toContain('holds');
  const [host = ''] = said.split('\n');
  const { images } = await harness.open(`${host}/lab/saved:1`).list('default');
  expect(await digestLayers(firstImage(images))).toHaveLength(2);
  expect(said).toContain('503 GET');
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
});

interface Cutter {
  readonly host: string;
  /** Number of further blob responses that are interrupted. */
  cuts: number;
  readonly statuses: number[];
}

/** A proxy of a registry that interrupts connections. */
async function startCutter(target: string): Promise<Cutter> {
  const [host = '', port = ''] = target.split(':');
  const statuses: number[] = [];
  const server = createServer((request, response) => {
    const { url: path = '', method = 'GET', headers } = request;
    const onward = httpRequest({ host, port, path, method, headers }, (answer) => {
      statuses.push(answer.statusCode ?? 0);
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      if (!path.includes('/blobs/') || cutter.cuts === 0) {
        answer.pipe(response);
        return;
      }
      cutter.cuts -= 1;
      answer.once('data', (chunk: Buffer) => response.write(chunk, () => response.destroy()));
    });
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const place = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cutter: Cutter = { host: place, cuts: 0, statuses };
  return cutter;
}
