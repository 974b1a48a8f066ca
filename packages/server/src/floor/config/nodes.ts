/** The nodes that this process serves when it is a worker. */
import type { Configuration, NodeOption } from './options.ts';

/** The socket of the local engine is the only node when none is configured. */
export function configuredNodes(values: Configuration): readonly NodeOption[] {
  if (values.nodes.length > 0) return values.nodes;
  return [{ name: 'local', endpoint: values.dockerHost, labels: {} }];
}
