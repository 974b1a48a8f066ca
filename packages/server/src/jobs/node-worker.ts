/**
 * The worker of one node. The process that holds the node's lock serves it: recovers the attempts
 * of an earlier worker, starts placed attempts, renews leases, handles cancellations, and removes
 * containers without a live attempt.
 *
 * Two loops: `serve` (woken, and every second: claim, cancels) and `keep` (every few seconds:
 * probe, leases, reaper). Both stop touching anything once the lock is gone.
 */
import { setTimeout as pause } from 'node:timers/promises';

import type { NodeState } from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';
import type { Logger } from 'pino';
import { dockerLimits } from '@lazaret/docker';

import type { BlobStore } from '../blobs/index.ts';
import type { Database } from '../floor/db/schema.ts';
import {
  labelNames,
  type Executor,
  type FoundContainer,
  type NodeFacts,
} from '../executors/index.ts';
import { serverLimits } from '../floor/limits.ts';
import { Loop } from '../floor/loop.ts';
import { reportProbe, type NodeConfiguration } from '../nodes/index.ts';
import type { AttemptTask } from './container-spec.ts';
import { jobLimits } from './limits.ts';
import { finishLostAttempt } from './move.ts';
import { readTasks } from './read-task.ts';
import { runAttempt, type Adopted, type RunContext } from './run-attempt.ts';
import { planRecovery, endedAttempts, fenceAttempts, type Recovery } from './recover.ts';

export interface NodeWorkerOptions {
  readonly node: NodeConfiguration;
  readonly executor: Executor;
  readonly database: Kysely<Database>;
  readonly blobs: BlobStore;
  readonly log: Logger;
  /** Identifies this process in the row of the node. */
  readonly worker: string;
  readonly instance: string;
  /** Called after rows or events of a job were written. */
  readonly onChange: (job: string) => void;
  /** Called when the node connects or disconnects, or has capacity again. */
  readonly onCapacity: () => void;
}

const reapEveryTurns = 6;

interface Running {
  readonly task: AttemptTask;
  readonly cancel: AbortController;
  readonly detach: AbortController;
  readonly done: Promise<void>;
}

export class NodeWorker {
  readonly #options: NodeWorkerOptions;
  readonly #running = new Map<string, Running>();
  readonly #detached = new AbortController();
  readonly #stopping = new AbortController();
  readonly #serveLoop: Loop;
  readonly #maintainLoop: Loop;
  #usage: ReadonlyMap<string, number> = new Map();
  #failures = 0;
  #state: NodeState = 'unknown';
  #hasRecovered = false;
  #turns = 0;
  #loops: Promise<unknown> = Promise.resolve();

  constructor(options: NodeWorkerOptions) {
    this.#options = options;
    const { signal } = this.#detached;
    const { log } = options;
    const { name } = options.node;
    this.#serveLoop = new Loop({
      name: `worker ${name}`,
      periodMs: serverLimits.schedulerPollMs,
      log,
      signal,
    });
    this.#maintainLoop = new Loop({
      name: `node ${name}`,
      periodMs: jobLimits.nodeProbeMs,
      log,
      signal,
    });
  }

  get loops(): readonly Loop[] {
    return [this.#serveLoop, this.#maintainLoop];
  }

  get runningAttempts(): number {
    return this.#running.size;
  }

  /** Starts serving; the caller holds the lock of the node. */
  start(): void {
    const guard = this.#guardDisks();
    this.#loops = Promise.all([
      this.#maintainLoop.run(() => this.#maintain()),
      this.#serveLoop.run(() => this.#serve()),
      guard,
    ]);
  }

  wake(): void {
    this.#serveLoop.wake();
  }

  /**
   * Stops serving the node. With `takeDown`, containers are killed and their attempts recorded as
   * stopped first; otherwise they keep running for the next worker.
   */
  async stop(options: { readonly takeDown: boolean }): Promise<void> {
    if (options.takeDown) {
      this.#stopping.abort();
      await this.#settleRuns(serverLimits.shutdownMs);
    }
    this.#detached.abort();
    await this.#settleRuns(serverLimits.readinessMs);
    await this.#loops;
  }

  async #settleRuns(waitMs: number): Promise<void> {
    const runs = Promise.allSettled([...this.#running.values()].map((run) => run.done));
    const timeout = new Promise((resolve) => setTimeout(resolve, waitMs).unref());
    await Promise.race([runs, timeout]);
  }

  async #maintain(): Promise<void> {
    await this.#probe();
    await this.#renewLeases();
    if (this.#state !== 'online') return;
    if (!this.#hasRecovered) await this.#recover();
    else if (this.#turns++ % reapEveryTurns === 0) await this.#reap();
  }

  async #probe(): Promise<void> {
    const { node, database, executor, worker } = this.#options;
    const before = this.#state;
    let facts: NodeFacts | undefined;
    let problem: string | null = null;
    try {
      facts = await executor.probe({
        signal: AbortSignal.timeout(dockerLimits.nodeProbeTimeoutMs),
      });
      this.#failures = 0;
      this.#state = 'online';
    } catch (error) {
      this.#failures += 1;
      problem = error instanceof Error ? error.message : String(error);
      const gone = before === 'unknown' || this.#failures >= jobLimits.nodeFailuresToOffline;
      this.#state = gone ? 'offline' : before;
    }
    const capacity = facts === undefined ? undefined : capacityOf(node, facts);
    await reportProbe(
      database,
      { node: node.name, worker },
      {
        state: this.#state,
        problem,
        facts: facts === undefined ? null : { ...facts },
        memoryBytes: capacity?.memoryBytes ?? null,
        cpus: capacity?.cpus ?? null,
      },
    );
    if (before !== this.#state) this.#options.onCapacity();
  }

  /**
   * An attempt that could not be renewed has ended or belongs to another worker: it is detached,
   * and its container, when it has ended, is removed later. (Its run can write nothing more: every
   * write includes the fence.)
   */
  async #renewLeases(): Promise<void> {
    const held = [...this.#running.values()];
    if (held.length === 0) return;
    const { rows } = await sql<{ id: string }>`
      update attempts set lease_until = now() + ${serverLimits.leaseMs} * interval '1 millisecond'
      from unnest(${held.map(({ task }) => task.attempt)}::text[],
                  ${held.map(({ task }) => task.fence)}::text[]) as mine (id, fence)
      where attempts.id = mine.id and attempts.fence = mine.fence
        and attempts.finished_at is null
      returning attempts.id`.execute(this.#options.database);
    const renewed = new Set(rows.map((row) => row.id));
    for (const { task, detach } of held) if (!renewed.has(task.attempt)) detach.abort();
  }

  async #recover(): Promise<void> {
    const { database, executor, instance, node, log } = this.#options;
    const attempts = await fenceAttempts(database, node.name);
    const containers = await listAttempts(executor, instance);
    const own = await this.#ownContainers(attempts, containers);
    const plan = planRecovery(attempts, own);
    for (const containerId of plan.remove) await executor.remove(containerId);
    const tasks = await readTasks(database, {
      node: node.name,
      attempts: attempts.map((attempt) => attempt.id),
    });
    for (const task of tasks) {
      const decided = plan.attempts.find((one) => one.attempt.id === task.attempt);
      if (decided !== undefined) await this.#resume(task, decided);
    }
    if (attempts.length + plan.remove.length > 0) {
      const counts = Object.groupBy(plan.attempts, (one) => one.action);
      log.info(
        {
          node: node.name,
          adopted: counts.adopt?.length ?? 0,
          begun: counts.run?.length ?? 0,
          lost: counts.lost?.length ?? 0,
          removed: plan.remove.length,
        },
        'recovered the attempts of an earlier worker',
      );
    }
    this.#hasRecovered = true;
    this.#serveLoop.wake();
  }

  /**
   * Two nodes of one installation may share an engine: containers of the other node are not
   * touched.
   */
  async #ownContainers<T extends { readonly labels: Readonly<Record<string, string>> }>(
    attempts: readonly { readonly id: string }[],
    containers: readonly T[],
  ): Promise<T[]> {
    const mine = new Set(attempts.map((attempt) => attempt.id));
    const others = containers.map((one) => one.labels[labelNames.attempt] ?? '');
    const ended = await endedAttempts(
      this.#options.database,
      others.filter((id) => !mine.has(id)),
    );
    return containers.filter((one) => {
      const id = one.labels[labelNames.attempt] ?? '';
      return mine.has(id) || ended.has(id);
    });
  }

  async #resume(task: AttemptTask, decided: Recovery): Promise<void> {
    if (decided.action === 'run') this.#run(task);
    else if (decided.action === 'adopt') this.#run(task, { containerId: decided.containerId });
    else {
      await finishLostAttempt(this.#options.database, task, {
        cause: 'worker',
        detail: 'its container no longer existed when a worker recovered the node',
      });
      this.#options.onChange(task.job);
    }
  }

  async #serve(): Promise<void> {
    if (!this.#hasRecovered) return;
    await this.#pollCancellations();
    const { database, node } = this.#options;
    for (const task of await readTasks(database, { node: node.name })) {
      if (!this.#running.has(task.attempt)) this.#run(task);
    }
  }

  async #pollCancellations(): Promise<void> {
    if (this.#running.size === 0) return;
    const rows = await this.#options.database
      .selectFrom('attempts')
      .innerJoin('jobs', 'jobs.id', 'attempts.job')
      .where('attempts.id', 'in', [...this.#running.keys()])
      .where('jobs.cancel_requested_at', 'is not', null)
      .select('attempts.id')
      .execute();
    for (const { id } of rows) this.#running.get(id)?.cancel.abort();
  }

  #run(task: AttemptTask, adopted?: Adopted): void {
    const cancel = new AbortController();
    const detach = new AbortController();
    const context: RunContext = {
      database: this.#options.database,
      executor: this.#options.executor,
      blobs: this.#options.blobs,
      log: this.#options.log,
      instance: this.#options.instance,
      outputUsage: (attempt) => this.#usage.get(attempt),
      onChange: this.#options.onChange,
    };
    const control = {
      cancelled: cancel.signal,
      stopping: this.#stopping.signal,
      detached: AbortSignal.any([this.#detached.signal, detach.signal]),
    };
    const done = runAttempt(task, context, {
      control,
      ...(adopted === undefined ? {} : { adopted }),
    })
      .catch((error: unknown) => {
        // The rows could not be written. The lease expires and the attempt is retried.
        this.#options.log.error({ err: error, job: task.job }, 'the attempt could not be ended');
      })
      .finally(() => {
        this.#running.delete(task.attempt);
        this.#options.onCapacity();
      });
    this.#running.set(task.attempt, { task, cancel, detach, done });
  }

  /**
   * Containers whose attempt has ended: a removal that failed, a crash between end and removal, a
   * run that was detached. The row of an attempt is written before its container is created, so no
   * container here is new.
   */
  async #reap(): Promise<void> {
    const { executor, instance, database, log } = this.#options;
    const containers = await listAttempts(executor, instance);
    const idle = containers.filter(
      (one) => !this.#running.has(one.labels[labelNames.attempt] ?? ''),
    );
    const ended = await endedAttempts(
      database,
      idle.map((one) => one.labels[labelNames.attempt] ?? ''),
    );
    for (const { containerId, labels } of idle) {
      if (!ended.has(labels[labelNames.attempt] ?? '')) continue;
      await executor.remove(containerId);
      log.warn({ container: containerId }, 'removed a leftover container');
    }
  }

  /** One query per second for all containers: how much they wrote to their output mounts. */
  async #guardDisks(): Promise<void> {
    const { signal } = this.#detached;
    while (!signal.aborted) {
      await pause(jobLimits.diskGuardMs, undefined, { signal }).catch(() => undefined);
      if (this.#running.size === 0 || signal.aborted) continue;
      try {
        this.#usage = await this.#options.executor.outputUsage([...this.#running.keys()], {
          signal,
        });
      } catch (error) {
        this.#options.log.debug({ err: error }, 'disk usage unavailable');
      }
    }
  }
}

/** Containers of this installation that serve attempts; scripts have containers too. */
async function listAttempts(executor: Executor, instance: string): Promise<FoundContainer[]> {
  const containers = await executor.list({ [labelNames.instance]: instance });
  return containers.filter(({ labels }) => labels[labelNames.attempt] !== undefined);
}

/**
 * The capacity that may be reserved: as configured, otherwise that of the engine minus the reserve.
 */
function capacityOf(
  node: NodeConfiguration,
  facts: NodeFacts,
): { readonly memoryBytes: number; readonly cpus: number } {
  const spare = Math.max(0, facts.memoryBytes - jobLimits.nodeReserveMemoryBytes);
  return { memoryBytes: node.memoryBytes ?? spare, cpus: node.cpus ?? facts.cpus };
}
