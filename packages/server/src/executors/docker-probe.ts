/** What a Docker engine reports about itself. */
import { type DockerClient } from '@lazaret/docker';
import { z } from 'zod';

import type { CallOptions, NodeFacts } from './executor.ts';

const info = z.object({
  ID: z.string().default(''),
  Name: z.string().default(''),
  ServerVersion: z.string(),
  OperatingSystem: z.string().default(''),
  KernelVersion: z.string().default(''),
  Architecture: z.string().default(''),
  NCPU: z.number().int().positive(),
  MemTotal: z.number().positive(),
  CgroupVersion: z.string().default('1'),
  Runtimes: z.record(z.string(), z.unknown()).nullish(),
  DefaultRuntime: z.string().default('runc'),
  SecurityOptions: z.array(z.string()).nullish(),
  Driver: z.string().default(''),
  SystemTime: z.string().default(''),
  Warnings: z.array(z.string()).nullish(),
});

export interface ProbeOptions extends CallOptions {
  readonly deadlineMs: number;
  /** Milliseconds since 1970 by our clock. */
  readonly now: () => number;
}

export async function probeDocker(api: DockerClient, options: ProbeOptions): Promise<NodeFacts> {
  const { deadlineMs, now, signal } = options;
  const asked = now();
  const request = { method: 'GET', path: '/info', deadlineMs, signal } as const;
  const [answer, apiVersion] = await Promise.all([api.call(request, info), api.version(signal)]);
  const securityOptions = answer.SecurityOptions ?? [];
  const has = (name: string): boolean =>
    securityOptions.some((option) => option.split(',').includes(`name=${name}`));
  return {
    engineId: answer.ID,
    engineName: answer.Name,
    version: answer.ServerVersion,
    apiVersion,
    operatingSystem: answer.OperatingSystem,
    kernelVersion: answer.KernelVersion,
    architecture: answer.Architecture,
    cpus: answer.NCPU,
    memoryBytes: answer.MemTotal,
    cgroupVersion: Number(answer.CgroupVersion),
    runtimes: Object.keys(answer.Runtimes ?? {}).sort(),
    defaultRuntime: answer.DefaultRuntime,
    securityOptions,
    seccomp: seccompOf(securityOptions),
    rootless: has('rootless'),
    userNamespaces: has('userns') || has('rootless'),
    storageDriver: answer.Driver,
    // overlay2 supports it on some XFS mounts, but does not report this.
    storageQuota: answer.Driver === 'btrfs' || answer.Driver === 'zfs',
    clockSkewMs: skew(answer.SystemTime, asked, now()),
    warnings: answer.Warnings ?? [],
  };
}

function seccompOf(options: readonly string[]): NodeFacts['seccomp'] {
  const option = options.find((text) => text.startsWith('name=seccomp'));
  if (option === undefined || option.includes('unconfined')) return 'none';
  return /profile=(default|builtin)/.test(option) ? 'default' : 'other';
}

function skew(systemTime: string, asked: number, answered: number): number {
  const engine = Date.parse(systemTime);
  return Number.isNaN(engine) ? 0 : Math.round(engine - (asked + answered) / 2);
}
