/** Observes containers of a Docker engine: logs, resource usage, disk usage. */
import { DockerError, untilAborted, type DockerClient } from '@lazaret/docker';
import { z } from 'zod';

import { containerPath } from './docker-containers.ts';
import type { CallOptions, ContainerSample, FollowOptions } from './executor.ts';
import { executorLimits } from './limits.ts';
import { readLog, sinceParameter } from './log-frames.ts';
import { labelNames } from './profile.ts';

export async function followLogs(
  api: DockerClient,
  containerId: string,
  { onChunk, after, signal }: FollowOptions,
): Promise<void> {
  const since = sinceParameter(after);
  const query = { follow: true, stdout: true, stderr: true, timestamps: true, since };
  const path = containerPath(containerId, 'logs');
  const stream = await api.stream({ method: 'GET', path, query, signal });
  for await (const piece of readLog(stream, after)) await onChunk(piece);
}

const stats = z.object({
  memory_stats: z.object({
    usage: z.number().optional(),
    max_usage: z.number().optional(),
    stats: z.record(z.string(), z.number()).nullish(),
  }),
  cpu_stats: z.object({ cpu_usage: z.object({ total_usage: z.number() }) }),
  pids_stats: z.object({ current: z.number().optional(), limit: z.number().optional() }),
});

export async function sampleContainer(
  api: DockerClient,
  containerId: string,
  { signal }: CallOptions,
): Promise<ContainerSample | undefined> {
  const path = containerPath(containerId, 'stats');
  const query = { stream: false, 'one-shot': true };
  try {
    const answer = await api.call({ method: 'GET', path, query, signal }, stats);
    const { usage, max_usage: highest = 0, stats: detail } = answer.memory_stats;
    if (usage === undefined) return undefined;
    // Pages of files that the kernel drops when it needs memory, under either cgroup version.
    const droppable = detail?.['total_inactive_file'] ?? detail?.['inactive_file'] ?? 0;
    const memoryBytes = Math.max(0, usage - droppable);
    return {
      memoryBytes,
      memoryPeakBytes: Math.max(highest, memoryBytes),
      cpuSeconds: answer.cpu_stats.cpu_usage.total_usage / 1e9,
      pids: answer.pids_stats.current ?? 0,
      pidsLimit: boundedLimit(answer.pids_stats.limit ?? 0),
    };
  } catch (error) {
    if (error instanceof DockerError && error.code === 'not_found') return undefined;
    throw error;
  }
}

/** The kernel reports no limit as the largest number. */
function boundedLimit(limit: number): number {
  return limit > Number.MAX_SAFE_INTEGER ? 0 : limit;
}

const diskUse = z.object({
  Volumes: z
    .array(
      z.object({
        Labels: z.record(z.string(), z.string()).nullish(),
        UsageData: z.object({ Size: z.number() }).nullish(),
      }),
    )
    .nullish(),
});

export type OutputUsage = (
  attempts: readonly string[],
  call?: CallOptions,
) => Promise<ReadonlyMap<string, number>>;

/**
 * Requests the size of all volumes at once; labels identify their attempts. An engine walks every
 * file for the response, so after one that took t the next request waits `usageCostFactor` times t
 * and the old response is used: at most a tenth of the time is spent on it. Rejected: `du` in the
 * container, which is the workload's ground, and the volumes' directories on the host, which only
 * exist for a local engine.
 */
export function createOutputUsage(api: DockerClient, now: () => number): OutputUsage {
  let latest: Promise<ReadonlyMap<string, number>> = Promise.resolve(new Map());
  let underWay = false;
  let askAgainAtMs = Number.NEGATIVE_INFINITY;

  async function ask(): Promise<ReadonlyMap<string, number>> {
    const startedAtMs = now();
    try {
      const type = (await api.version()) === '1.41' ? undefined : 'volume';
      const request = { method: 'GET', path: '/system/df', query: { type } } as const;
      return sumOutputs(await api.call(request, diskUse));
    } finally {
      underWay = false;
      askAgainAtMs = now() + executorLimits.usageCostFactor * (now() - startedAtMs);
    }
  }

  return async (attempts, { signal } = {}) => {
    const before = latest;
    if (!underWay && now() >= askAgainAtMs) {
      underWay = true;
      // Engines process one such request at a time; during that of another client, the
      // earlier response is used.
      latest = ask().catch((error: unknown) => {
        if (error instanceof DockerError && !error.isUnreachable) return before;
        latest = before;
        throw error;
      });
    }
    const sizes = await untilAborted(latest, signal);
    const known = attempts.filter((attempt) => sizes.has(attempt));
    return new Map(known.map((attempt) => [attempt, sizes.get(attempt) ?? 0]));
  };
}

function sumOutputs({ Volumes: volumes }: z.output<typeof diskUse>): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { Labels: labels, UsageData: usage } of volumes ?? []) {
    const attempt = labels?.[labelNames.attempt];
    const sizeBytes = usage?.Size ?? -1;
    if (attempt === undefined || labels?.[labelNames.role] !== 'output' || sizeBytes < 0) continue;
    sizes.set(attempt, (sizes.get(attempt) ?? 0) + sizeBytes);
  }
  return sizes;
}
