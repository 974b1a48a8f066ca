import { operations } from '@lazaret/protocol';
import { IconCpu2 } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { useOperation } from '../../data.ts';
import { EmptyState } from '../../parts/empty-state.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { Panel } from '../../parts/panel.tsx';
import { QueryView } from '../../parts/query-view.tsx';
import { NodeCard } from './node-card.tsx';

export function NodesPage(): ReactNode {
  const query = useOperation(operations.nodes.list, { query: { limit: 200 } }, { everyMs: 5_000 });
  return (
    <>
      <PageHeader title="Nodes">
        Where containers run: their room, what they hold now, and what their container engine says.
      </PageHeader>
      <QueryView query={query} rows={6}>
        {({ items }) =>
          items.length === 0 ? (
            <Panel>
              <EmptyState icon={IconCpu2} title="No node yet">
                Start Docker on this machine and it appears by itself, or name a Docker engine in
                the configuration.
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
