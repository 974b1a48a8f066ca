/** Converts the task of an attempt to the specification of its container. Pure. */
import type { EngineManifest } from '@lazaret/protocol';

import type { ContainerSpec } from '../executors/index.ts';

export interface TaskInput {
  readonly name: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface AttemptTask {
  readonly attempt: string;
  readonly fence: string;
  readonly number: number;
  readonly job: string;
  readonly engine: string;
  readonly state: string;
  readonly manifest: EngineManifest;
  /** The image of the container. */
  readonly image: string;
  readonly inputs: readonly TaskInput[];
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly timeLimitMs: number;
  /** From submission, or the last failure, to placement. */
  readonly waitMs: number;
  /** How long the container has run already, for an attempt that was recovered. */
  readonly ranMs: number;
}

export const parametersFile = 'parameters.json';

export function containerSpec(
  task: AttemptTask,
  parts: { readonly image: string; readonly instance: string },
): ContainerSpec {
  const { manifest } = task;
  const { resources } = manifest;
  const [uid, gid] = manifest.user.split(':').map(Number);
  const command = commandOf(task);
  return {
    image: parts.image,
    ...(command === undefined ? {} : { command }),
    ...(manifest.workdir === undefined ? {} : { workdir: manifest.workdir }),
    environment: {
      // HOME is the only writable directory.
      HOME: '/tmp',
      LAZARET_INPUT: manifest.input.mount,
      LAZARET_OUTPUT: manifest.output.mount,
      ...manifest.environment,
      ...(passes(manifest, 'environment') ? environmentOf(task.parameters) : {}),
    },
    user: { uid: uid ?? 0, gid: gid ?? 0 },
    inputMount: manifest.input.mount,
    outputMount: manifest.output.mount,
    resources: {
      memoryBytes: resources.memory,
      cpus: resources.cpus,
      pids: resources.pids,
      diskBytes: resources.disk,
      tmpBytes: resources.tmp,
      openFiles: resources.openFiles,
      logBytes: resources.log,
    },
    stopGraceMs: manifest.stopGrace * 1_000,
    network: manifest.network,
    ...(manifest.runtime === undefined ? {} : { runtime: manifest.runtime }),
    seccomp: manifest.seccomp,
    labels: { instance: parts.instance, attempt: task.attempt, job: task.job },
  };
}

/** The name that an input has in the container. */
export function inputName(manifest: EngineManifest, input: TaskInput): string {
  return manifest.input.name ?? input.name;
}

/** Whether the parameters are passed in this way. */
export function passes(manifest: EngineManifest, way: 'json' | 'argv' | 'environment'): boolean {
  return manifest.parameters?.pass === way;
}

function commandOf(task: AttemptTask): readonly string[] | undefined {
  const { manifest } = task;
  const extra = passes(manifest, 'argv') ? argumentsOf(task.parameters) : [];
  if (manifest.command !== undefined) return [...manifest.command, ...extra];
  // "$@" of the line are the parameters; they are never spliced into it.
  if (manifest.shell !== undefined) return ['/bin/sh', '-c', manifest.shell, 'sh', ...extra];
  return undefined;
}

/** `--name value`; true is `--name`, false and null are omitted, lists repeat. */
function argumentsOf(parameters: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(parameters).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).flatMap((item: unknown) => {
      if (item === true) return [`--${name}`];
      return item === false || item === null ? [] : [`--${name}`, textOf(item)];
    }),
  );
}

function environmentOf(parameters: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name.toUpperCase().replaceAll(/[^A-Z0-9_]/g, '_'),
      textOf(value),
    ]),
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
