/**
 * The worker role: for each configured node it acquires the node's lock and serves the node while
 * it holds the lock. The lock belongs to a database session, so the end of this process releases
 * it, however the process ends, and the next worker recovers the node at once.
 */
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';

import type { ProblemCode } from '@lazaret/protocol';

import type { Executor } from '../executors/index.ts';
import { configuredNodes, type NodeOption } from '../floor/config/index.ts';
import { withAdvisoryLock } from '../floor/db/index.ts';
import { serverLimits } from '../floor/limits.ts';
import { NodeWorker } from '../jobs/index.ts';
import { registerNodes, releaseNode } from '../nodes/index.ts';
import type { Core, Role } from './role.ts';
import { runScripts } from './run-scripts.ts';

/** Serves the nodes until stopped. */
export async function startWorker(core: Core): Promise<Role> {
  const nodes = configuredNodes(core.configuration.values);
  await registerNodes(
    core.database,
    nodes.map((node) => ({ ...node, memoryBytes: node.memory })),
  );
  const serving = new Set<NodeWorker>();
  const stopped = new AbortController();
  let takeDown = false;
  const serve = async (node: NodeOption): Promise<void> => {
    const executor = core.executors.get(node.name);
    if (executor === undefined) return;
    const parts = { core, node, executor, serving, stopped: stopped.signal };
    while (!stopped.signal.aborted) {
      await holdNode({ ...parts, takeDown: () => takeDown });
      await pause(serverLimits.eventPollMs, undefined, { signal: stopped.signal }).catch(
        () => undefined,
      );
    }
  };
  const holders = nodes.map(serve);
  const scripts = await runScripts(core);
  return {
    loops: () => [...[...serving].flatMap((one) => one.loops), ...(scripts?.loops ?? [])],
    wake: () => {
      for (const one of serving) one.wake();
      scripts?.wake();
    },
    async stop(options) {
      takeDown = options.takeDown;
      stopped.abort();
      await Promise.allSettled([...holders, scripts?.stop()]);
    },
  };
}

interface LeaseParts {
  readonly core: Core;
  readonly node: NodeOption;
  readonly executor: Executor;
  readonly serving: Set<NodeWorker>;
  readonly stopped: AbortSignal;
  readonly takeDown: () => boolean;
}

/** Serves the node from acquiring its lock until the lock is lost, or until the stop. */
async function holdNode(parts: LeaseParts): Promise<void> {
  const { core, node, executor, serving, stopped } = parts;
  const { database, log } = core;
  const worker = `${hostname()}:${process.pid}`;
  try {
    await withAdvisoryLock(
      core.locks,
      `node:${node.name}`,
      async (lost) => {
        const served = new NodeWorker({
          node: { ...node, memoryBytes: node.memory },
          ...{ executor, database, log, worker },
          blobs: core.blobs,
          instance: core.instance,
          onChange: core.onChange,
          onCapacity: () => core.wake('scheduler'),
        });
        serving.add(served);
        served.start();
        await aborted(AbortSignal.any([lost, stopped]));
        serving.delete(served);
        await served.stop({ takeDown: parts.takeDown() && !lost.aborted });
        if (!lost.aborted) await releaseNode(database, { node: node.name, worker });
      },
      { waitMs: serverLimits.eventPollMs },
    );
  } catch (error) {
    const code = (error as { code?: ProblemCode }).code;
    const level = code === 'unavailable' ? 'debug' : 'error';
    log[level]({ err: error, node: node.name }, 'this process does not serve the node');
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
