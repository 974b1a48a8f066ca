import { formatSize, type Node } from '@lazaret/protocol';
import type { ReactNode } from 'react';

import { Meter } from '../../components/meter.tsx';

/** Memory and CPU reserved by running attempts, of the capacity of the node. */
export function NodeMeters({ node }: { readonly node: Node }): ReactNode {
  const memory = node.memoryBytes === null ? '?' : formatSize(node.memoryBytes);
  const reserved = Number(node.reservedCpus.toFixed(2));
  return (
    <>
      <Meter
        label="Memory reserved"
        value={node.reservedMemoryBytes}
        max={node.memoryBytes}
        valueText={`${formatSize(node.reservedMemoryBytes)} of ${memory}`}
      />
      <Meter
        label="CPU reserved"
        value={node.reservedCpus}
        max={node.cpus}
        valueText={`${reserved} of ${node.cpus ?? '?'} cores`}
      />
    </>
  );
}
