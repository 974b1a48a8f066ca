/** Images on a Docker engine: resolving references, and pulling missing images. */
import { DockerError, untilAborted, type DockerClient } from '@lazaret/docker';
import { limits } from '@lazaret/protocol';
import { z } from 'zod';

import { ExecutorError } from './executor.ts';
import type { CallOptions, PullOptions, PullProgress, ResolvedImage } from './executor.ts';
import { executorLimits } from './limits.ts';

const inspectedImage = z.object({
  Id: z.string(),
  RepoDigests: z.array(z.string()).nullish(),
  Size: z.number().default(0),
  Config: z
    .object({
      Labels: z.record(z.string(), z.string()).nullish(),
      Volumes: z.record(z.string(), z.unknown()).nullish(),
    })
    .nullish(),
});

export interface DockerImages {
  resolve(reference: string, call?: CallOptions): Promise<ResolvedImage>;
  /** Callers of the same image share one pull, which continues when one of them aborts. */
  ensure(reference: string, options?: PullOptions): Promise<ResolvedImage>;
}

type Listener = (progress: PullProgress) => void;

export function createDockerImages(api: DockerClient): DockerImages {
  const pulls = new Map<string, { done: Promise<void>; listeners: Set<Listener> }>();

  async function resolve(reference: string, { signal }: CallOptions = {}): Promise<ResolvedImage> {
    checkReference(reference);
    const request = { method: 'GET', path: `/images/${reference}/json`, signal } as const;
    const image = await api.call(request, inspectedImage).catch((error: unknown) => {
      throw asMissing(reference, error);
    });
    const pinned = pin(reference, image);
    return {
      ...pinned,
      sizeBytes: image.Size,
      labels: image.Config?.Labels ?? {},
      volumes: Object.keys(image.Config?.Volumes ?? {}),
    };
  }

  function sharedPull(reference: string): { done: Promise<void>; listeners: Set<Listener> } {
    const known = pulls.get(reference);
    if (known !== undefined) return known;
    const listeners = new Set<Listener>();
    const tell: Listener = (progress) => listeners.forEach((listener) => listener(progress));
    const done = pull(api, reference, tell).finally(() => pulls.delete(reference));
    const started = { done, listeners };
    pulls.set(reference, started);
    return started;
  }

  return {
    resolve,
    async ensure(reference, options = {}) {
      try {
        return await resolve(reference, options);
      } catch (error) {
        const missing = error instanceof ExecutorError && error.code === 'image_missing';
        if (!missing || reference.startsWith('sha256:')) throw error;
      }
      const { done, listeners } = sharedPull(reference);
      const { onProgress } = options;
      if (onProgress !== undefined) listeners.add(onProgress);
      await untilAborted(done, options.signal);
      return resolve(reference, options);
    },
  };
}

function checkReference(reference: string): void {
  if (/^[a-z0-9][A-Za-z0-9._/:@-]{0,511}$/.test(reference) && !reference.includes('..')) return;
  throw new ExecutorError(
    'image_missing',
    `invalid image reference ${JSON.stringify(reference.slice(0, 100))}`,
  );
}

function asMissing(reference: string, error: unknown): unknown {
  const absent = error instanceof DockerError && error.code === 'not_found';
  if (!absent) return error;
  return new ExecutorError('image_missing', `the image ${reference} is not on the node`);
}

/** The registry digest when the image has one under that name, otherwise the id of the image. */
function pin(
  reference: string,
  image: z.output<typeof inspectedImage>,
): Pick<ResolvedImage, 'reference' | 'digest' | 'kind'> {
  const name = fullName(reference);
  const found = (image.RepoDigests ?? []).find((candidate) => fullName(candidate) === name);
  const digest = found?.split('@')[1];
  if (found === undefined || digest === undefined) {
    return { reference: image.Id, digest: image.Id, kind: 'image-id' };
  }
  return { reference: found, digest, kind: 'repo-digest' };
}

/** The repository of a reference, with the prefix that Docker omits for its own registry. */
function fullName(reference: string): string {
  const { name } = splitReference(reference);
  const [first = '', ...rest] = name.split('/');
  if (rest.length === 0) return `docker.io/library/${first}`;
  const isHost = first.includes('.') || first.includes(':') || first === 'localhost';
  return isHost ? name : `docker.io/${name}`;
}

function splitReference(reference: string): { name: string; tag: string } {
  const [named = '', digest] = reference.split('@');
  const colon = named.lastIndexOf(':');
  const hasTag = colon > named.lastIndexOf('/');
  const name = hasTag ? named.slice(0, colon) : named;
  return { name, tag: digest ?? (hasTag ? named.slice(colon + 1) : 'latest') };
}

const pullLine = z.object({
  id: z.string().optional(),
  error: z.string().optional(),
  progressDetail: z
    .object({ current: z.number().optional(), total: z.number().optional() })
    .optional(),
});

async function pull(api: DockerClient, reference: string, tell: Listener): Promise<void> {
  const { name, tag } = splitReference(reference);
  const deadline = AbortSignal.timeout(limits.imagePullMs);
  const query = { fromImage: name, tag };
  const request = { method: 'POST', path: '/images/create', query, signal: deadline } as const;
  const layers = new Map<string, { current: number; total: number }>();
  try {
    for await (const line of readLines(await api.stream(request))) {
      const { id, error, progressDetail } = pullLine.parse(JSON.parse(line));
      if (error !== undefined) throw missing(reference, error);
      if (id === undefined || progressDetail?.total === undefined) continue;
      layers.set(id, { current: progressDetail.current ?? 0, total: progressDetail.total });
      tell(sumUp(layers.values()));
    }
  } catch (error) {
    const refused = error instanceof DockerError && !error.isUnreachable;
    throw refused ? missing(reference, error.message) : error;
  }
}

function missing(reference: string, detail: string): ExecutorError {
  const message = `the image ${reference} is not on the node and cannot be pulled: ${detail}`;
  return new ExecutorError('image_missing', message);
}

function sumUp(layers: Iterable<{ current: number; total: number }>): PullProgress {
  let doneBytes = 0;
  let totalBytes = 0;
  for (const { current, total } of layers) {
    doneBytes += Math.min(current, total);
    totalBytes += total;
  }
  return { doneBytes, totalBytes };
}

async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string, void, undefined> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk.toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > executorLimits.engineStreamLineBytes) {
      throw new DockerError('bad_answer', 'pulling an image: a line of the response is too long');
    }
    for (const line of lines) if (line.trim() !== '') yield line;
  }
}
