import { operations } from '@lazaret/protocol';
import { IconCpu2 } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { useOperation } from '../../data.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { NodeCard } from './node-card.tsx';

export function NodesPage(): ReactNode {
  const query = useOperation(
    operations.nodes.list,
    { query: { limit: 200 } },
    { refetchMs: 5_000 },
  );
  return (
    <>
      <PageHeader title="Nodes">
        Machines that run containers: capacity, reservations and container engine.
      </PageHeader>
      <QueryView query={query} rows={6}>
        {({ items }) =>
          items.length === 0 ? (
            <Panel>
              <EmptyState icon={IconCpu2} title="No nodes yet">
                Start Docker on this machine, which is then detected, or configure a Docker engine.
              </EmptyState>
            </Panel>
          ) : (
            <div className="node-grid">
              {items.map((node) => (
                <NodeCard key={node.name} node={node} />
              ))}
            </div>
          )
        }
      </QueryView>
    </>
  );
}
