/** Pulling, from a minimal registry in this file. */
import { anyAnswer, createDockerClient } from '@lazaret/docker';
import { createHash, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { writeTar } from '@lazaret/analysis';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { createDockerExecutor } from './docker.ts';
import type { PullProgress } from './executor.ts';
import { dockerAddress } from './testing/probe-image.ts';

const api = createDockerClient({ address: dockerAddress });
const executor = createDockerExecutor({ address: dockerAddress, now: Date.now });
const repository = `lazaret-test/pulled-${randomUUID()}`;
const manifestType = 'application/vnd.docker.distribution.manifest.v2+json';

let server: Server;
let name = '';
let digest = '';
let requests: string[] = [];
let delayMs = 0;

beforeAll(async () => {
  const blobs = new Map<string, Buffer>();
  const add = (bytes: Buffer): { digest: string; size: number } => {
    const id = sha256(bytes);
    blobs.set(id, bytes);
    return { digest: id, size: bytes.length };
  };
  const content = Buffer.from(
    Array.from({ length: 500_000 }, () => Math.floor(Math.random() * 256)),
  );
  const chunks = await Array.fromAsync(writeTar([{ path: 'file', content }]));
  const layer = Buffer.concat(chunks);
  const rootfs = { type: 'layers', diff_ids: [sha256(layer)] };
  const config = {
    architecture: 'amd64',
    os: 'linux',
    config: { Labels: { made: 'here' } },
    rootfs,
  };
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: {
        mediaType: 'application/vnd.docker.container.image.v1+json',
        ...add(Buffer.from(JSON.stringify(config))),
      },
      layers: [
        {
          mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
          ...add(gzipSync(layer)),
        },
      ],
    }),
  );
  digest = sha256(manifest);
  server = createServer((request, response) => {
    const url = request.url ?? '';
    requests.push(url);
    if (url === '/v2/') return response.end('{}');
    const [, kind, reference = ''] = /\/(manifests|blobs)\/(.+)$/.exec(url) ?? [];
    const bytes = kind === 'manifests' ? manifest : blobs.get(reference);
    const known = kind === 'blobs' || ['1', digest].includes(reference);
    if (bytes === undefined || !known) return response.writeHead(404).end('{"errors":[]}');
    const type = kind === 'manifests' ? manifestType : 'application/octet-stream';
    response.setHeader('content-type', type);
    response.setHeader('content-length', bytes.length);
    response.setHeader('docker-content-digest', sha256(bytes));
    return setTimeout(() => response.end(request.method === 'HEAD' ? '' : bytes), delayMs);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  name = `127.0.0.1:${(server.address() as AddressInfo).port}/${repository}`;
});

afterEach(async () => {
  for (const reference of [`${name}:1`, `${name}@${digest}`]) {
    const path = `/images/${reference}`;
    await api.call({ method: 'DELETE', path, query: { force: true }, accept: [404] }, anyAnswer);
  }
  requests = [];
  delayMs = 0;
});

afterAll(async () => {
  await api.close();
  await executor.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test.each([
  ['a digest', () => `${name}@${digest}`],
  ['a tag', () => `${name}:1`],
])('by %s fetches a missing image and is not repeated', async (_, reference) => {
  const progress: PullProgress[] = [];
  const image = await executor.ensureImage(reference(), {
    onProgress: (each) => progress.push(each),
  });
  expect(image).toEqual({
    reference: `${name}@${digest}`,
    digest,
    kind: 'repo-digest',
    sizeBytes: expect.any(Number),
    labels: { made: 'here' },
    volumes: [],
  });
  expect(progress.length).toBeGreaterThan(0);
  for (const { doneBytes, totalBytes } of progress)
    expect(doneBytes).toBeLessThanOrEqual(totalBytes);
  const asked = requests.length;
  expect(await executor.ensureImage(reference())).toEqual(image);
  expect(await executor.resolveImage(image.reference)).toEqual(image);
  expect(requests.length).toBe(asked);
});

test('is shared by all callers, and continues when one aborts', async () => {
  delayMs = 100;
  const reference = `${name}@${digest}`;
  const signal = AbortSignal.timeout(120);
  const leaving = executor.ensureImage(reference, { signal });
  const staying = [1, 2, 3].map(() => executor.ensureImage(reference));
  await expect(leaving).rejects.toMatchObject({ code: 'aborted' });
  expect(new Set((await Promise.all(staying)).map((image) => image.digest))).toEqual(
    new Set([digest]),
  );
  const downloads = requests.filter((url) => url.includes('/blobs/'));
  expect(new Set(downloads).size).toBe(downloads.length);
});

test.each([
  ['the registry does not have', () => `${name}:none`],
  ['has no registry there', () => `127.0.0.1:1/${repository}:1`],
])('fails as a missing image when %s it', async (_, reference) => {
  const error = { code: 'image_missing', message: expect.stringContaining('cannot be pulled') };
  await expect(executor.ensureImage(reference())).rejects.toMatchObject(error);
});

function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
