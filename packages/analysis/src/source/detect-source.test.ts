import { createServer } from 'node:http';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { expect, test } from 'vitest';

import { buildImage } from '../testing/image-builder.ts';
import { newDockerFiles, ociFiles, oldDockerFiles, packFiles } from '../testing/write-image.ts';
import { detectSource } from './detect-source.ts';
import type { DetectedSource, DetectOptions } from './detect-source.ts';
import { SourceError } from '@lazaret/oci';
import { openSource } from './open-source.ts';
import {
  defaultPlatform,
  failure,
  place,
  put,
  putLayout,
  readLayers,
  replace,
  useLocalSources,
  without,
} from './testing/local-sources.ts';

useLocalSources();

async function detect(word: string, options?: DetectOptions): Promise<string> {
  const { kind, ...found }: DetectedSource = await detectSource(word, options);
  const where = 'path' in found ? found.path : found.reference;
  const name = 'name' in found ? ` ${found.name}` : '';
  return `${kind} ${where}${name}`;
}

test('an existing path is detected by its content', async () => {
  const image = await buildImage({ layers: [] });
  const layout = await putLayout(ociFiles([image]));
  const bytes = await packFiles(newDockerFiles([image]));
  const archive = await put(bytes);
  const packed = await put(gzipSync(bytes));
  const text = await put(Buffer.from('hello\n'.repeat(200)));
  expect(await detect(layout)).toBe(`oci-layout ${layout}`);
  expect(await detect(place)).toBe(`directory ${place}`);
  expect(await detect(archive)).toBe(`image-archive ${archive}`);
  expect(await detect(packed)).toBe(`image-archive ${packed}`);
  expect((await failure(detect(text))).code).toBe('unsupported');
  expect((await failure(detect('/dev/null'))).code).toBe('unsupported');
  for (const gone of ['./none', '/none/at/all', '../none-at-all']) {
    expect((await failure(detect(gone))).code).toBe('not_found');
  }
});

test('an unpacked docker save archive is detected, other directories are not', async () => {
  const image = await buildImage({
    layers: [{ entries: [{ path: 'x', content: Buffer.from('x') }] }],
    names: ['lab.example/app:1'],
  });
  const options = { defaultPlatform };
  for (const files of [oldDockerFiles([image]), newDockerFiles([image])]) {
    const path = await putLayout(files);
    const opened = await openSource(await detectSource(path), options);
    if (opened.kind !== 'image') throw new Error('read as plain files');
    expect(opened.source).toMatchObject({ kind: 'docker-archive', reference: path });
    const { images, diagnostics } = await opened.source.list('default');
    expect(diagnostics).toEqual([]);
    expect(images).toMatchObject([
      { names: ['lab.example/app:1'], layers: [{ diffId: image.layers[0]?.diffId }] },
    ]);
    expect(await readLayers(images[0])).toHaveLength(1);
    const words = [`docker-archive:${path}:lab.example/app:1`, `dir:${path}`];
    expect(await Promise.all(words.map((word) => detect(word)))).toEqual([
      ...[`image-archive ${path} lab.example/app:1`, `directory ${path}`],
    ]);
  }
  const files = oldDockerFiles([image]);
  const config = `${image.configDigest.slice('sha256:'.length)}.json`;
  for (const other of [
    replace(without(files, 'repositories'), 'manifest.json', '{"name":"a web application"}'),
    replace(without(files, 'repositories'), 'manifest.json', '[]'),
    without(files, config),
  ]) {
    const path = await putLayout(other);
    expect(await detect(path)).toBe(`directory ${path}`);
  }
});

test('prefixes select the source; image names that look like prefixes do not', async () => {
  const odd = join(place, 'a:b');
  await mkdir(odd);
  const words: [string, string][] = [
    ['docker-archive:/x/y.tar', 'image-archive /x/y.tar'],
    ['docker-archive:/x/y.tar:lab/app:1', 'image-archive /x/y.tar lab/app:1'],
    ['oci-archive:y.tar:1', 'image-archive y.tar 1'],
    ['-', 'stdin -'],
    ['docker-archive:-', 'stdin docker-archive:-'],
    ['oci-archive:-:lab/app:1', 'stdin oci-archive:-:lab/app:1 lab/app:1'],
    ['docker-archive:-x', 'image-archive -x'],
    ['oci:layout:1', 'oci-layout layout 1'],
    [`oci:${odd}`, `oci-layout ${odd}`],
    ['dir:/etc', 'directory /etc'],
    ['oci-dir:layout', 'oci-layout layout'],
    ['docker:app:1', 'engine app:1'],
    ['docker-daemon:app:1', 'engine app:1'],
    [`docker-daemon:sha256:${'a'.repeat(64)}`, `engine sha256:${'a'.repeat(64)}`],
    ['container:web', 'container web'],
    ['docker://app:1', 'registry app:1'],
    ['registry:lab.example/app:1', 'registry lab.example/app:1'],
    ['registry:2', 'registry registry:2'],
    ['registry://lab.example/app:1', 'registry lab.example/app:1'],
    ['docker://docker:dind', 'registry docker:dind'],
    [
      'lab.example:5000/app@sha256:' + 'a'.repeat(64),
      `registry lab.example:5000/app@sha256:${'a'.repeat(64)}`,
    ],
  ];
  for (const [word, meaning] of words) expect(await detect(word)).toBe(meaning);
  for (const nothing of ['dir:', 'docker:', 'docker://Not A Name', 'a\0b', '']) {
    expect((await failure(detect(nothing))).code).toBe('invalid_reference');
  }
  for (const place of ['containers-storage:app:1', 'sif:app.sif', 'ostree:x@/y', 'tarball:x.tar']) {
    expect((await failure(detect(place))).message).toContain('save the image as an archive');
  }
});

test('another possible meaning is reported', async () => {
  expect((await detectSource('docker:dind')).hint).toContain('docker://docker:dind');
  expect((await detectSource('docker-daemon:dind')).hint).toBeUndefined();
  expect((await detectSource('docker:app:1')).hint).toBeUndefined();
});

test('a container engine is queried before a registry, and skipped when it is unavailable', async () => {
  const address = join(place, 'engine.sock');
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/images/here/json' ? 200 : 404;
    response.end(JSON.stringify({ Id: 'sha256:1', message: 'no such image' }));
  }).listen(address);
  const engine = { address: `unix://${address}` };
  expect(await detect('here', { engine })).toBe('engine here');
  expect(await detect('elsewhere', { engine })).toBe('registry elsewhere');
  server.close();
  const gone = await detectSource('here', { engine: { address: `unix://${place}/none.sock` } });
  expect(gone).toMatchObject({ kind: 'registry', reference: 'here' });
  expect(gone.hint).toContain('cannot connect to the Docker engine');
});

test('a detected source is opened, or the missing option is reported', async () => {
  const image = await buildImage({ layers: [], names: ['app:1'] });
  const layout = await putLayout(ociFiles([image]));
  const options = { defaultPlatform };
  const opened = await openSource(await detectSource(`oci:${layout}:app:1`), options);
  const listing = opened.kind === 'image' ? await opened.source.list('default') : undefined;
  expect(listing?.images.map(({ configDigest }) => configDigest)).toEqual([image.configDigest]);
  await writeFile(join(place, 'file'), 'x');
  expect(await openSource(await detectSource(place), options)).toMatchObject({ kind: 'directory' });
  for (const [word, code] of [
    [`dir:${place}/none`, 'not_found'],
    [`dir:${place}/file`, 'unsupported'],
  ] as const) {
    const error = await failure(detectSource(word).then((found) => openSource(found, options)));
    expect(error.code).toBe(code);
  }
  for (const word of ['app:1', 'container:web', 'docker-daemon:app', '-']) {
    const error = await failure(detectSource(word).then((found) => openSource(found, options)));
    expect(error).toBeInstanceOf(SourceError);
    expect(['unreachable', 'unsupported']).toContain(error.code);
  }
});
