/**
 * The worker role: for each configured node it takes the node's lock and serves the node while it
 * holds it. The lock is a session's lock of the database, so it is gone with this process, however
 * it ends, and the next process takes over at once.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

import { limits, type ProblemCode } from '@lazaret/protocol';
import type { Logger } from 'pino';

import type { BlobStore } from '../blobs/index.ts';
import type { NodeOption } from '../floor/config/index.ts';
import { withAdvisoryLock, type DatabaseHandle } from '../floor/db/index.ts';
import { createDockerExecutor, type Executor } from '../executors/index.ts';
import { NodeWorker } from '../jobs/index.ts';
import type { Loop } from '../floor/loop.ts';
import { releaseNode } from '../nodes/index.ts';

export interface WorkerOptions {
  readonly nodes: readonly NodeOption[];
  readonly handle: DatabaseHandle;
  /** Connections that do nothing but hold locks. */
  readonly locks: DatabaseHandle;
  readonly blobs: BlobStore;
  readonly log: Logger;
  readonly worker: string;
  readonly instance: string;
  readonly onChange: (job: string) => void;
  readonly onRoom: () => void;
}

export interface Worker {
  readonly executors: ReadonlyMap<string, Executor>;
  readonly loops: () => readonly Loop[];
  nudge(): void;
  stop(options: { readonly takeDown: boolean }): Promise<void>;
}

/** Serves the nodes until stopped. */
export function startWorker(options: WorkerOptions): Worker {
  const executors = new Map(options.nodes.map((node) => [node.name, openExecutor(node)]));
  const serving = new Set<NodeWorker>();
  const stopped = new AbortController();
  let takeDown = false;
  const holders = options.nodes.map(async (node) => {
    const executor = executors.get(node.name);
    if (executor === undefined) return;
    while (!stopped.signal.aborted) {
      await holdNode({
        node,
        executor,
        options,
        serving,
        stopped: stopped.signal,
        takeDown: () => takeDown,
      });
      await pause(limits.eventPollMs, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  });
  return {
    executors,
    loops: () => [...serving].flatMap((one) => one.loops),
    nudge: () => {
      for (const one of serving) one.nudge();
    },
    async stop(how) {
      takeDown = how.takeDown;
      stopped.abort();
      await Promise.allSettled(holders);
      await Promise.allSettled([...executors.values()].map((executor) => executor.close()));
    },
  };
}

interface Holding {
  readonly node: NodeOption;
  readonly executor: Executor;
  readonly options: WorkerOptions;
  readonly serving: Set<NodeWorker>;
  readonly stopped: AbortSignal;
  readonly takeDown: () => boolean;
}

/** Serves the node from taking its lock to losing it, or to the stop. */
async function holdNode(holding: Holding): Promise<void> {
  const { node, executor, options, serving, stopped } = holding;
  const { handle, log } = options;
  try {
    await withAdvisoryLock(
      options.locks,
      `node:${node.name}`,
      async (lost) => {
        const served = new NodeWorker({
          node: { ...node, memoryBytes: node.memory },
          executor,
          database: handle.db,
          blobs: options.blobs,
          log,
          worker: options.worker,
          instance: options.instance,
          onChange: options.onChange,
          onRoom: options.onRoom,
        });
        serving.add(served);
        served.start();
        await aborted(AbortSignal.any([lost, stopped]));
        serving.delete(served);
        await served.stop({ takeDown: holding.takeDown() && !lost.aborted });
        if (!lost.aborted) {
          await releaseNode(handle.db, { node: node.name, worker: options.worker });
        }
      },
      { waitMs: limits.eventPollMs },
    );
  } catch (error) {
    const code = (error as { code?: ProblemCode }).code;
    const level = code === 'unavailable' ? 'debug' : 'error';
    log[level]({ err: error, node: node.name }, 'the node is not served from here');
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function openExecutor(node: NodeOption): Executor {
  const { tls } = node;
  return createDockerExecutor({
    address: node.endpoint,
    now: Date.now,
    ...(tls === undefined
      ? {}
      : {
          tls: {
            ca: readFileSync(tls.ca, 'utf8'),
            cert: readFileSync(tls.cert, 'utf8'),
            key: readFileSync(tls.key, 'utf8'),
          },
        }),
  });
}
