/** A resolved image is inspected without opening or listing the source again. */
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { buildImage, type BuiltImage } from '../testing/image-builder.ts';
import { oldDockerFiles, packFiles } from '../testing/write-image.ts';
import type { InspectRequest } from './inspect-image.ts';
import { resolveImage } from './resolve-image.ts';

let directory: string;
let engine: Server;
let image: BuiltImage;
const requests: string[] = [];

/** The part of an engine's API that serves one image, with a record of all requests. */
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-resolve-'));
  image = await buildImage({
    names: ['app:1'],
    mediaTypes: 'docker',
    layers: [
      { entries: [{ path: 'etc/passwd', content: Buffer.from('root:x:0:0::/:/bin/sh\n') }] },
    ],
  });
  const archive = await packFiles(oldDockerFiles([image]));
  engine = createServer((request, response) => {
    const path = (request.url ?? '').replace(/^\/v[0-9.]+/, '');
    requests.push(path);
    if (path.endsWith('/get')) response.end(archive);
    else response.end(JSON.stringify({ Id: image.configDigest, RepoTags: ['app:1'] }));
  });
  engine.listen(join(directory, 'engine.sock'));
  await once(engine, 'listening');
});
afterAll(async () => {
  engine.close();
  await rm(directory, { recursive: true });
});
beforeEach(() => {
  requests.length = 0;
});

const hooks = { toolVersion: '1', now: () => 0 };

function request(): InspectRequest {
  return {
    ...{ reference: 'docker:app:1', platform: 'default', offline: true, files: true },
    ...{ scanners: { secrets: true }, parallel: 0 },
    registry: {
      ...{ plainHttp: [], skipVerify: [], caFiles: [], mirrors: {}, foreign: [] },
      proxy: undefined,
    },
    dockerHost: `unix://${join(directory, 'engine.sock')}`,
    spoolDirectory: directory,
  };
}

test('an engine exports an image once for its resolution and its inspection', async () => {
  const resolved = await resolveImage(request(), hooks);
  expect(resolved?.digests).toEqual([image.configDigest]);
  const reports = await resolved?.inspect({});
  expect(reports?.[0]?.files?.map(({ path }) => path)).toContain('etc/passwd');
  await resolved?.close();
  expect(requests.filter((path) => path.endsWith('/get'))).toHaveLength(1);
  expect(requests.filter((path) => path.endsWith('/json'))).toHaveLength(1);
  expect(await readdir(directory)).toEqual(['engine.sock']);
});

test('the report is the same whether it was listed before or is listed by the inspection', async () => {
  const [one, other] = [await resolveImage(request(), hooks), await resolveImage(request(), hooks)];
  expect(await one?.inspect({})).toEqual(await other?.inspect({}));
  expect(one?.scanConfigDigest).toBe(other?.scanConfigDigest);
  await one?.close();
  await other?.close();
});

test('closing without an inspection, or twice, leaves nothing open', async () => {
  const resolved = await resolveImage(request(), hooks);
  await resolved?.close();
  await resolved?.close();
  expect(await readdir(directory)).toEqual(['engine.sock']);
});

test('an inspection that is aborted ends with an error, and the source can still be closed', async () => {
  const resolved = await resolveImage(request(), hooks);
  await expect(resolved?.inspect({ signal: AbortSignal.abort() })).rejects.toThrow();
  await resolved?.close();
});
