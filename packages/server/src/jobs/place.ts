/**
 * Placement: a pure function from a snapshot (waiting jobs, nodes with their reservations) to
 * a plan. It does no I/O; `apply-plan.ts` applies the plan under the row locks of the nodes and
 * drops what no longer fits.
 *
 * Order: priority first, then age. A job that does not fit now is skipped, not waited for: no
 * head of the line blocks the queue. Each waiting job gets the reason why it waits. A job that no
 * configured node could ever hold fails at once; one that no online node can hold waits.
 *
 * Nodes: the one with the largest free share after placement wins (spread), which keeps free for
 * jobs that need much on every node alike; nodes that failed the job before come last.
 */
import { formatSize } from '@lazaret/protocol';

import type { NodeCapacity } from '../nodes/index.ts';

export interface WaitingJob {
  readonly id: string;
  readonly engine: string;
  readonly memoryBytes: number;
  readonly cpus: number;
  /** Highest first. */
  readonly priority: number;
  readonly avoidNodes: readonly string[];
  /** Runtime that the engine requires, when it is not the node's default. */
  readonly runtime: string | undefined;
}

export interface EngineUse {
  /** Live attempts of the engine over all nodes. */
  readonly live: number;
  readonly concurrency: number | undefined;
}

export interface Snapshot {
  /** In queue order. */
  readonly jobs: readonly WaitingJob[];
  readonly nodes: readonly NodeCapacity[];
  readonly engines: Readonly<Record<string, EngineUse>>;
  /** Placements of one pass. */
  readonly placementsMax: number;
}

export interface Placement {
  readonly job: string;
  readonly node: string;
}

export interface Plan {
  readonly placements: readonly Placement[];
  readonly impossible: readonly { readonly job: string; readonly reason: string }[];
  readonly waits: readonly { readonly job: string; readonly reason: string }[];
}

interface FreeCapacity {
  readonly node: NodeCapacity;
  freeMemoryBytes: number;
  freeCpus: number;
}

/** Plans as many placements as fit, at most `placementsMax`. Cost: jobs × nodes. */
export function planPlacements(snapshot: Snapshot): Plan {
  const capacities = snapshot.nodes.map(capacityOf);
  const liveByEngine = new Map(
    Object.entries(snapshot.engines).map(([name, use]) => [name, use.live]),
  );
  const placements: Placement[] = [];
  const impossible: { job: string; reason: string }[] = [];
  const waits: { job: string; reason: string }[] = [];
  for (const job of snapshot.jobs) {
    const never = unschedulableReason(job, snapshot.nodes);
    if (never !== undefined) {
      impossible.push({ job: job.id, reason: never });
      continue;
    }
    const reason = pendingReason(job, capacities, {
      snapshot,
      liveByEngine,
      placed: placements.length,
    });
    if (reason !== undefined) {
      waits.push({ job: job.id, reason });
      continue;
    }
    const free = bestNode(job, capacities);
    free.freeMemoryBytes -= job.memoryBytes;
    free.freeCpus -= job.cpus;
    liveByEngine.set(job.engine, (liveByEngine.get(job.engine) ?? 0) + 1);
    placements.push({ job: job.id, node: free.node.name });
  }
  return { placements, impossible, waits };
}

function capacityOf(node: NodeCapacity): FreeCapacity {
  return {
    node,
    freeMemoryBytes: (node.memoryBytes ?? 0) - node.reservedMemoryBytes,
    freeCpus: (node.cpus ?? 0) - node.reservedCpus,
  };
}

/** Sums of CPU shares are compared with the tolerance of their arithmetic. */
const cpuTolerance = 1e-6;

/** Why no configured node could ever run the job; nodes of unknown size might. */
function unschedulableReason(job: WaitingJob, nodes: readonly NodeCapacity[]): string | undefined {
  if (nodes.length === 0 || nodes.some((node) => canEverFit(job, node))) return undefined;
  const memory = Math.max(...nodes.map((node) => node.memoryBytes ?? 0));
  const cpus = Math.max(...nodes.map((node) => node.cpus ?? 0));
  const runtime = job.runtime === undefined ? '' : ` and the runtime ${job.runtime}`;
  return (
    `needs ${formatSize(job.memoryBytes)} of memory, ${job.cpus} CPUs${runtime}; ` +
    `the largest node has ${formatSize(memory)} and ${cpus} CPUs`
  );
}

function canEverFit(job: WaitingJob, node: NodeCapacity): boolean {
  if (node.memoryBytes === null || node.cpus === null) return true;
  return (
    job.memoryBytes <= node.memoryBytes &&
    job.cpus <= node.cpus + cpuTolerance &&
    (job.runtime === undefined || node.runtimes.includes(job.runtime))
  );
}

interface Pass {
  readonly snapshot: Snapshot;
  readonly liveByEngine: ReadonlyMap<string, number>;
  readonly placed: number;
}

/** Why the job has to wait, as a message for its owner; undefined when it fits. */
function pendingReason(
  job: WaitingJob,
  capacities: readonly FreeCapacity[],
  pass: Pass,
): string | undefined {
  if (capacities.length === 0) return 'no node is configured';
  const usable = capacities.filter(({ node }) => node.state === 'online' && node.served);
  if (usable.length === 0) return 'no node is online';
  const open = usable.filter(({ node }) => node.schedulable);
  if (open.length === 0) return 'all online nodes are cordoned';
  if (!open.some(({ node }) => canEverFit(job, node))) {
    return 'the nodes with enough capacity are offline or cordoned';
  }
  const concurrency = pass.snapshot.engines[job.engine]?.concurrency;
  if (concurrency !== undefined && (pass.liveByEngine.get(job.engine) ?? 0) >= concurrency) {
    return `the engine ${job.engine} is at its concurrency limit of ${concurrency}`;
  }
  if (!open.some((free) => fits(job, free))) {
    return `waiting for ${formatSize(job.memoryBytes)} of memory and ${job.cpus} CPUs on a node`;
  }
  return pass.placed >= pass.snapshot.placementsMax ? 'next in the queue' : undefined;
}

function fits(job: WaitingJob, free: FreeCapacity): boolean {
  return (
    free.node.state === 'online' &&
    free.node.served &&
    free.node.schedulable &&
    canEverFit(job, free.node) &&
    job.memoryBytes <= free.freeMemoryBytes &&
    job.cpus <= free.freeCpus + cpuTolerance
  );
}

function bestNode(job: WaitingJob, capacities: readonly FreeCapacity[]): FreeCapacity {
  const candidates = capacities.filter((free) => fits(job, free));
  const [best] = candidates.toSorted((a, b) => score(job, b) - score(job, a));
  if (best === undefined) throw new Error(`no free for ${job.id}, though it was found to fit`);
  return best;
}

/**
 * The smaller of the two free shares; a node that failed the job before scores below all
 * others.
 */
function score(job: WaitingJob, free: FreeCapacity): number {
  const memoryShare = (free.freeMemoryBytes - job.memoryBytes) / (free.node.memoryBytes ?? 1);
  const cpuShare = (free.freeCpus - job.cpus) / (free.node.cpus ?? 1);
  return Math.min(memoryShare, cpuShare) - (job.avoidNodes.includes(free.node.name) ? 2 : 0);
}
