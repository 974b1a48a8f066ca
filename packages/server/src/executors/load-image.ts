/**
 * Loads the layers of an image into a Docker engine as an archive of `docker save`. The
 * configuration in the archive is our own: no entrypoint, environment, volumes, user, health check
 * or build trigger of the image reaches the engine. The engine computes the diffIDs by itself, and
 * they are compared with the requested ones.
 */
import { createHash } from 'node:crypto';

import { writeTar } from '@lazaret/analysis';
import type { TarInput } from '@lazaret/analysis';
import { anyAnswer, DockerError, type DockerClient } from '@lazaret/docker';
import { z } from 'zod';

import { ExecutorError } from './executor.ts';
import type { CallOptions, LoadableImage, LoadedImage } from './executor.ts';
import { executorLimits } from './limits.ts';

const found = z.object({
  Id: z.string(),
  Size: z.number().default(0),
  Config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
  RootFS: z.object({ Layers: z.array(z.string()).nullish() }),
});

export async function loadImage(
  api: DockerClient,
  image: LoadableImage,
  { signal }: CallOptions,
): Promise<LoadedImage> {
  const packed: { diffIds?: readonly string[]; failure?: unknown } = {};
  const body = keepFailure(writeTar(packImage(image, packed)), packed);
  try {
    const path = '/images/load';
    const query = { quiet: true };
    await readAnswer(await api.stream({ method: 'POST', path, query, body, signal }));
  } catch (error) {
    // The engine only sees that the upload was aborted.
    throw packed.failure ?? error;
  }
  const path = `/images/${image.tag}/json`;
  const { Id, Size, Config, RootFS } = await api.call({ method: 'GET', path, signal }, found);
  const loaded = { imageId: Id, sizeBytes: Size, labels: Config?.Labels ?? {} };
  const expected = (packed.diffIds ?? []).join(' ');
  const got = (RootFS.Layers ?? []).join(' ');
  if (expected === got) return loaded;
  await unloadImage(api, Id, {});
  const message = `the engine loaded other layers: expected ${expected}, got ${got || 'none'}`;
  throw new ExecutorError('incompatible', message);
}

async function* packImage(
  { tag, os, architecture, labels, layers }: LoadableImage,
  packed: { diffIds?: readonly string[] },
): AsyncGenerator<TarInput, void, undefined> {
  const diffIds: string[] = [];
  for await (const { diffId, sizeBytes, tar } of layers) {
    // A layer may occur twice; the archive has it once.
    if (!diffIds.includes(diffId)) yield { path: layerFile(diffId), content: tar, sizeBytes };
    diffIds.push(diffId);
  }
  packed.diffIds = diffIds;
  const rootfs = { type: 'layers', diff_ids: diffIds };
  const config = Buffer.from(
    JSON.stringify({ os, architecture, config: { Labels: labels }, rootfs }),
  );
  const configFile = `${createHash('sha256').update(config).digest('hex')}.json`;
  yield { path: configFile, content: config };
  const manifest = [{ Config: configFile, RepoTags: [tag], Layers: diffIds.map(layerFile) }];
  yield { path: 'manifest.json', content: Buffer.from(JSON.stringify(manifest)) };
}

function layerFile(diffId: string): string {
  return `${diffId.replace('sha256:', '')}.tar`;
}

async function* keepFailure(
  body: AsyncIterable<Uint8Array>,
  packed: { failure?: unknown },
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* body;
  } catch (error) {
    packed.failure = error;
    throw error;
  }
}

const answerLine = z.object({ error: z.string().optional() });

/** An error after the headers is a line of the response. */
async function readAnswer(chunks: AsyncIterable<Buffer>): Promise<void> {
  let text = '';
  for await (const chunk of chunks) {
    if (text.length < executorLimits.engineStreamLineBytes) text += chunk.toString('utf8');
  }
  for (const line of text.split('\n')) {
    if (!line.trim().startsWith('{')) continue;
    const { error } = answerLine.parse(JSON.parse(line));
    if (error !== undefined) throw new ExecutorError('refused', `loading an image: ${error}`);
  }
}

const listed = z.array(
  z.object({
    Id: z.string(),
    Size: z.number().default(0),
    Labels: z.record(z.string(), z.string()).nullish(),
  }),
);

export async function listLoaded(
  api: DockerClient,
  labels: Readonly<Record<string, string>>,
  { signal }: CallOptions,
): Promise<LoadedImage[]> {
  const label = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  const query = { all: true, filters: JSON.stringify({ label }) };
  const images = await api.call({ method: 'GET', path: '/images/json', query, signal }, listed);
  return images.map(({ Id, Size, Labels }) => ({
    ...{ imageId: Id, sizeBytes: Size, labels: Labels ?? {} },
  }));
}

export async function unloadImage(
  api: DockerClient,
  imageId: string,
  { signal }: CallOptions,
): Promise<void> {
  if (!/^sha256:[0-9a-f]{64}$/.test(imageId)) throw new Error('invalid image id');
  const request = { method: 'DELETE', path: `/images/${imageId}`, query: { force: true } } as const;
  try {
    await api.call({ ...request, signal, accept: [404] }, anyAnswer);
  } catch (error) {
    // A container that is being removed still uses it: the next sweep removes it.
    if (error instanceof DockerError && error.code === 'conflict') return;
    throw error;
  }
}
