/** Connections to the container engines of the nodes that this process serves. */
import { readFileSync } from 'node:fs';

import { createDockerExecutor, type Executor } from '../executors/index.ts';
import type { NodeOption } from '../floor/config/index.ts';

/** One executor for each node, by its name. */
export function openExecutors(
  nodes: readonly NodeOption[],
  now: () => number,
): ReadonlyMap<string, Executor> {
  return new Map(nodes.map((node) => [node.name, openExecutor(node, now)]));
}

function openExecutor({ endpoint, tls }: NodeOption, now: () => number): Executor {
  const read = (path: string): string => readFileSync(path, 'utf8');
  return createDockerExecutor({
    address: endpoint,
    now,
    ...(tls === undefined
      ? {}
      : { tls: { ca: read(tls.ca), cert: read(tls.cert), key: read(tls.key) } }),
  });
}
