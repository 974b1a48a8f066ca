import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { gather } from '../archive/testing/tar-samples.ts';
import { buildImage, digestOf } from '../testing/image-builder.ts';
import type { BuiltImage } from '../testing/image-builder.ts';
import { oldDockerFiles, packFiles } from '../testing/write-image.ts';
import { openContainerTree } from './container.ts';
import { openEngineImage } from './engine.ts';
import { openImageArchive } from './image-archive.ts';
import { SourceError } from '@lazaret/oci';
import type { ImageSource } from '@lazaret/oci';

const run = promisify(execFile);
const socket = '/var/run/docker.sock';
const endpoint = { address: `unix://${socket}` };
const defaultPlatform = { os: 'linux', architecture: 'amd64' };
const name = `lazaret-source-test/app:${process.pid}`;
const place = mkdtempSync(join(tmpdir(), 'lazaret-engine-'));
const options = { endpoint, defaultPlatform, spoolDirectory: place };
let image: BuiltImage;

/** Queries the engine with another client than the one under test. */
async function engine(method: string, path: string, ...words: string[]): Promise<string> {
  const url = `http://engine/v1.41${path}`;
  const { stdout } = await run('curl', [
    ...['--silent', '--show-error', '--fail-with-body', '--unix-socket', socket],
    ...['--request', method, ...words, url],
  ]);
  return stdout;
}

function file(path: string, content = path): { path: string; content: Buffer } {
  return { path, content: Buffer.from(content) };
}

beforeAll(async () => {
  image = await buildImage({
    names: [name],
    mediaTypes: 'docker',
    config: { Cmd: ['/bin/none'], Labels: { 'lazaret.test': 'source' }, Volumes: { '/data': {} } },
    layers: [
      { entries: [{ path: 'etc', type: 'directory' }, file('etc/one'), file('zz')] },
      { entries: [file('etc/two')] },
      { entries: [file('etc/two')] },
      { entries: [file('etc/.wh.one', '')] },
    ],
  });
  const archive = join(place, 'load.tar');
  await writeFile(archive, await packFiles(oldDockerFiles([image])));
  const json = ['--header', 'content-type: application/x-tar', '--data-binary', `@${archive}`];
  await engine('POST', '/images/load', ...json);
  await rm(archive);
});

afterAll(async () => {
  await engine('DELETE', `/images/${name}?force=true`);
  await rm(place, { recursive: true });
});

async function expectTheImage(source: ImageSource): Promise<void> {
  const { images, diagnostics } = await source.list('default');
  expect(diagnostics).toEqual([]);
  expect(images).toHaveLength(1);
  expect(images[0]).toMatchObject({ names: [name], configDigest: image.configDigest });
  expect(images[0]?.config).toEqual(image.config);
  const diffIds: string[] = [];
  for (const layer of images[0]?.layers ?? []) {
    diffIds.push(digestOf(await gather(await layer.open())));
    expect(layer.diffId).toBe(diffIds.at(-1));
  }
  expect(diffIds).toEqual(image.layers.map(({ diffId }) => diffId));
}

describe('an image of an engine', () => {
  test('is read by layer, and nothing is left on disk', async () => {
    const source = await openEngineImage(name, options);
    await expectTheImage(source);
    expect(await readdir(place)).toEqual([]);
    await source.close();
  });

  test('is the same when saved to a file', async () => {
    const path = join(place, 'saved.tar');
    await engine('GET', `/images/${name}/get`, '--output', path);
    const source = await openImageArchive(path, { defaultPlatform });
    expect(source.kind).toBe('docker-archive');
    await expectTheImage(source);
    await source.close();
    await rm(path);
  });

  test('is found by id; a missing one is not found', async () => {
    const source = await openEngineImage(image.configDigest, options);
    await expectTheImage(source);
    await source.close();
    for (const unknown of ['lazaret-no-such-image', '../info', 'a b', '-x']) {
      await expect(openEngineImage(unknown, options)).rejects.toMatchObject({ code: 'not_found' });
    }
  });

  test('above the spool limit is refused, and nothing is left on disk', async () => {
    const source = await openEngineImage(name, { ...options, spoolBytes: 5_000 });
    await expect(source.list('default')).rejects.toMatchObject({ code: 'too_large' });
    await source.close();
    expect(await readdir(place)).toEqual([]);
  });
});

describe('an engine', () => {
  test.each(['unix:///nowhere/docker.sock', 'tcp://127.0.0.1:1'])(
    'at %s is unreachable',
    async (address) => {
      const opened = openEngineImage(name, { ...options, endpoint: { address } });
      await expect(opened).rejects.toMatchObject({ code: 'unreachable' });
    },
  );

  test('with an unsupported address is refused', async () => {
    const opened = openEngineImage(name, { ...options, endpoint: { address: 'ssh://host' } });
    await expect(opened).rejects.toMatchObject({ code: 'unsupported' });
  });

  test('that truncates an export, or sends other content, is an error', async () => {
    const address = join(place, 'fake.sock');
    const whole = await packFiles(oldDockerFiles([image]));
    let mode: 'cut' | 'text' | 'html' = 'cut';
    const server = createServer((request, response) => {
      if (request.url?.endsWith('/json') === true) {
        response.end(mode === 'html' ? '<html>' : JSON.stringify({ Id: image.configDigest }));
      } else if (mode === 'text') response.end('no such thing');
      else {
        response.writeHead(200);
        response.write(whole.subarray(0, 6_000), () => response.destroy());
      }
    }).listen(address);
    const attempt = async (): Promise<unknown> => {
      const fake = { ...options, endpoint: { address: `unix://${address}` } };
      const source = await openEngineImage('app', fake);
      try {
        return await source.list('all');
      } finally {
        await source.close();
      }
    };
    const codes: unknown[] = [];
    for (mode of ['cut', 'text', 'html'] as const) {
      const error = await attempt().catch((cause: unknown) => cause);
      codes.push(error instanceof SourceError ? error.code : error);
    }
    server.close();
    expect(codes).toEqual(['unreachable', 'damaged', 'damaged']);
  });
});

test('an image that the engine does not have is described in one sentence', async () => {
  const error: unknown = await openEngineImage('lazaret-nope:1', options).catch((cause) => cause);
  expect(error).toMatchObject({
    code: 'not_found',
    message: 'the container engine has no image lazaret-nope:1',
  });
});

test('a container is walked as a tree, its mounts are listed and not walked', async () => {
  const body = JSON.stringify({ Image: name, Labels: { 'lazaret.test': 'source' } });
  const json = ['--header', 'content-type: application/json', '--data', body];
  const { Id: id } = JSON.parse(await engine('POST', '/containers/create', ...json)) as {
    Id: string;
  };
  try {
    const tree = await openContainerTree(id, { endpoint });
    const files = new Map<string, string>();
    for await (const { path, content } of tree.walk()) {
      files.set(path, (await gather(content)).toString());
    }
    expect([files.get('etc/two'), files.get('zz')]).toEqual(['etc/two', 'zz']);
    expect(files.has('etc/one')).toBe(false);
    expect(tree).toMatchObject({ id, image: name, imageId: image.configDigest, mounts: ['/data'] });
    await tree.close();
  } finally {
    await engine('DELETE', `/containers/${id}?force=true&v=true`);
  }
  await expect(openContainerTree('lazaret-none', { endpoint })).rejects.toMatchObject({
    code: 'not_found',
  });
});
