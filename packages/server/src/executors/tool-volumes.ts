/**
 * Named volumes whose content is written once and mounted read-only by many containers. The content
 * is written through a container that is never started, and the last file marks it as complete, so
 * that a volume that was being written when a process was killed is written again.
 */
import { randomBytes } from 'node:crypto';

import { writeTar } from '@lazaret/analysis';
import type { TarInput } from '@lazaret/analysis';
import { anyAnswer, DockerError, type DockerClient } from '@lazaret/docker';
import { z } from 'zod';

import { serverLimits } from '../floor/limits.ts';
import { containerPath, removeContainer } from './docker-containers.ts';
import type { CallOptions, SharedVolume } from './executor.ts';

const completeMark = '.complete';
const made = z.object({ Id: z.string() });

export async function ensureVolume(
  api: DockerClient,
  volume: SharedVolume,
  { signal }: CallOptions,
): Promise<void> {
  const { name, labels, image, files } = volume;
  // No file of the image can be there.
  const mount = `/lazaret-${randomBytes(8).toString('hex')}`;
  const body = {
    Image: image,
    Entrypoint: ['/never-started'],
    Labels: labels,
    HostConfig: {
      NetworkMode: 'none',
      Mounts: [
        {
          ...{ Type: 'volume', Source: name, Target: mount },
          VolumeOptions: { NoCopy: true, Labels: labels },
        },
      ],
    },
  };
  const create = { method: 'POST', path: '/containers/create', json: body, signal } as const;
  const { Id: containerId } = await api.call(create, made);
  try {
    if (await isComplete(api, { containerId, mount, signal })) return;
    const request = {
      method: 'PUT',
      path: containerPath(containerId, 'archive'),
      query: { path: mount },
      body: writeTar(withMark(files())),
      deadlineMs: serverLimits.collectMs,
      signal,
    } as const;
    await api.call(request, anyAnswer);
  } finally {
    await removeContainer(api, containerId, {});
  }
}

async function* withMark(files: AsyncIterable<TarInput>): AsyncGenerator<TarInput> {
  yield* files;
  yield { path: completeMark, content: Buffer.alloc(0) };
}

async function isComplete(
  api: DockerClient,
  about: {
    readonly containerId: string;
    readonly mount: string;
    readonly signal: AbortSignal | undefined;
  },
): Promise<boolean> {
  const path = containerPath(about.containerId, 'archive');
  const query = { path: `${about.mount}/${completeMark}` };
  try {
    for await (const _ of await api.stream({ method: 'GET', path, query, signal: about.signal })) {
      continue;
    }
    return true;
  } catch (error) {
    if (error instanceof DockerError && error.code === 'not_found') return false;
    throw error;
  }
}

const listed = z.object({ Volumes: z.array(z.object({ Name: z.string() })).nullish() });

export async function listVolumes(
  api: DockerClient,
  labels: Readonly<Record<string, string>>,
  { signal }: CallOptions,
): Promise<string[]> {
  const label = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  const query = { filters: JSON.stringify({ label }) };
  const answer = await api.call({ method: 'GET', path: '/volumes', query, signal }, listed);
  return (answer.Volumes ?? []).map(({ Name }) => Name);
}

export async function removeVolume(
  api: DockerClient,
  name: string,
  { signal }: CallOptions,
): Promise<void> {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,200}$/.test(name)) throw new Error('invalid volume name');
  const request = { method: 'DELETE', path: `/volumes/${name}`, signal } as const;
  await api.call({ ...request, accept: [404, 409] }, anyAnswer);
}
