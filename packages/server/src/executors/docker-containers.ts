/** The lifecycle of a container on a Docker engine, from creation to removal. */
import { setTimeout as pause } from 'node:timers/promises';
import { readTar } from '@lazaret/analysis';
import type { TarEntry } from '@lazaret/analysis';
import {
  anyAnswer,
  type DockerClient,
  DockerError,
  dockerLimits,
  type DockerRequest,
} from '@lazaret/docker';
import { z } from 'zod';

import { compareApplied, describeApplied, inspectedContainer } from './applied.ts';
import { ExecutorError } from './executor.ts';
import type {
  CallOptions,
  CollectOptions,
  ContainerExit,
  CreatedContainer,
  FoundContainer,
  StopOptions,
} from './executor.ts';
import { executorLimits } from './limits.ts';
import type { CreateBody } from './profile.ts';

const made = z.object({ Id: z.string(), Warnings: z.array(z.string()).nullish() });

/** Creates a container with a unique name, and reads the applied configuration back. */
export async function createContainer(
  api: DockerClient,
  wanted: { readonly name: string; readonly body: CreateBody },
  { signal }: CallOptions,
): Promise<CreatedContainer> {
  const { name, body } = wanted;
  const request = { method: 'POST', path: '/containers/create', query: { name }, signal } as const;
  const container = await api.call({ ...request, json: body }, made).catch((error: unknown) => {
    throw asImageMissing(String(body['Image']), error);
  });
  const containerId = container.Id;
  const path = containerPath(containerId, 'json');
  const inspected = await api.call({ method: 'GET', path, signal }, inspectedContainer);
  return {
    containerId,
    applied: describeApplied(inspected, container.Warnings ?? []),
    mismatches: compareApplied(body, inspected),
  };
}

/** Starts a container; one that was started before is unchanged. */
export async function startContainer(
  api: DockerClient,
  containerId: string,
  { signal }: CallOptions,
): Promise<void> {
  const path = containerPath(containerId, 'start');
  await api.call({ method: 'POST', path, signal, accept: [304] }, anyAnswer);
}

const state = z.object({
  State: z.object({
    Status: z.string(),
    ExitCode: z.number(),
    OOMKilled: z.boolean().default(false),
    Error: z.string().default(''),
    StartedAt: z.string(),
    FinishedAt: z.string(),
  }),
});

const ended: ReadonlySet<string> = new Set(['exited', 'dead', 'removing']);

/**
 * Waits for the exit notification of the engine, and inspects the container after each and at least
 * every `exitCheckMs`: a notification can be lost when it is requested while the container ends,
 * and `not-running` is only requested after the start has returned, when it cannot be premature.
 */
export async function waitContainer(
  api: DockerClient,
  containerId: string,
  { signal }: CallOptions,
): Promise<ContainerExit> {
  const path = containerPath(containerId, 'json');
  for (;;) {
    await awaitNotice(api, containerId, signal);
    const { State } = await api.call({ method: 'GET', path, signal }, state);
    if (State.Status === 'created') {
      throw new ExecutorError('not_started', `the container ${containerId} was never started`);
    }
    if (ended.has(State.Status)) {
      return {
        exitCode: State.ExitCode,
        oomKilled: State.OOMKilled,
        startedAt: State.StartedAt,
        finishedAt: State.FinishedAt,
        error: State.Error,
      };
    }
    await pause(executorLimits.exitCheckPauseMs);
  }
}

/** Returns when the engine reports the end of the container, or when it is time to inspect it. */
async function awaitNotice(
  api: DockerClient,
  containerId: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const enough = AbortSignal.timeout(executorLimits.exitCheckMs);
  const request: DockerRequest = {
    method: 'POST',
    path: containerPath(containerId, 'wait'),
    query: { condition: 'not-running' },
    signal: signal === undefined ? enough : AbortSignal.any([signal, enough]),
  };
  try {
    for await (const _ of await api.stream(request)) continue;
  } catch (error) {
    const lookInstead = error instanceof DockerError && (error.isUnreachable || enough.aborted);
    if (!lookInstead || signal?.aborted === true) throw error;
  }
}

/** The content of a directory of the container, without its own entry. */
export async function* collectFiles(
  api: DockerClient,
  containerId: string,
  { path, limits: bounds, signal }: CollectOptions,
): AsyncGenerator<TarEntry, void, undefined> {
  const stream = await api.stream({
    method: 'GET',
    path: containerPath(containerId, 'archive'),
    query: { path: `${path}/.` },
    signal,
  });
  for await (const entry of readTar(stream, bounds)) {
    const relative = entry.path.replace(/^\.\/+/, '');
    if (relative !== '.' && relative !== '') yield { ...entry, path: relative };
  }
}

export async function killContainer(
  api: DockerClient,
  containerId: string,
  { signal }: CallOptions,
): Promise<void> {
  const path = containerPath(containerId, 'kill');
  // 409 is a container that does not run.
  await api.call({ method: 'POST', path, signal, accept: [404, 409] }, anyAnswer);
}

export async function stopContainer(
  api: DockerClient,
  containerId: string,
  { graceMs, signal }: StopOptions,
): Promise<void> {
  const request: DockerRequest = {
    method: 'POST',
    path: containerPath(containerId, 'stop'),
    query: { t: Math.ceil(graceMs / 1_000) },
    deadlineMs: graceMs + dockerLimits.callMs,
    signal,
    accept: [304, 404],
  };
  await api.call(request, anyAnswer);
}

export async function removeContainer(
  api: DockerClient,
  containerId: string,
  { signal }: CallOptions,
): Promise<void> {
  const path = containerPath(containerId, '');
  const query = { v: true, force: true };
  // 409 is a removal that is under way already.
  await api.call({ method: 'DELETE', path, query, signal, accept: [404, 409] }, anyAnswer);
}

const listed = z.array(
  z.object({
    Id: z.string(),
    State: z.string(),
    Created: z.number(),
    Labels: z.record(z.string(), z.string()).nullish(),
  }),
);

export async function listContainers(
  api: DockerClient,
  labels: Readonly<Record<string, string>>,
  { signal }: CallOptions,
): Promise<FoundContainer[]> {
  const label = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  const query = { all: true, filters: JSON.stringify({ label }) };
  const request = { method: 'GET', path: '/containers/json', query, signal } as const;
  return (await api.call(request, listed)).map((container) => ({
    containerId: container.Id,
    labels: container.Labels ?? {},
    state: foundState(container.State),
    createdAtMs: container.Created * 1_000,
  }));
}

function foundState(text: string): FoundContainer['state'] {
  if (text === 'created') return 'created';
  return ended.has(text) ? 'ended' : 'running';
}

/** The path of a call on one container; an invalid id must not change the path. */
export function containerPath(containerId: string, action: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{1,127}$/.test(containerId)) {
    throw new Error(`invalid container id: ${JSON.stringify(containerId)}`);
  }
  return action === '' ? `/containers/${containerId}` : `/containers/${containerId}/${action}`;
}

function asImageMissing(image: string, error: unknown): unknown {
  const absent = error instanceof DockerError && error.code === 'not_found';
  if (!absent) return error;
  return new ExecutorError('image_missing', `the image ${image} is not on the node`);
}
