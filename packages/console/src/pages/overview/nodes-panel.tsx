import { operations } from '@lazaret/protocol';
import { IconCpu2 } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { useOperation } from '../../data.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { NodeMeters } from '../nodes/node-meters.tsx';
import { NodeStateBadge } from '../nodes/node-state.tsx';

/** Nodes and their reserved capacity. */
export function NodesPanel(): ReactNode {
  const query = useOperation(operations.nodes.list, { query: { limit: 6 } }, { refetchMs: 5_000 });
  return (
    <Panel
      title="Nodes"
      actions={
        <LinkAnchor to="/nodes" size="sm">
          All<span className="visually-hidden"> nodes</span>
        </LinkAnchor>
      }
    >
      <QueryView query={query} rows={3}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState icon={IconCpu2} title="No nodes yet" small>
              Start Docker on this machine, or configure a Docker engine.
            </EmptyState>
          ) : (
            <div className="stack">
              {items.map((node) => (
                <div key={node.name} className="stack tight">
                  <div className="row between">
                    <strong className="break">{node.name}</strong>
                    <NodeStateBadge node={node} />
                  </div>
                  <NodeMeters node={node} />
                </div>
              ))}
            </div>
          )
        }
      </QueryView>
    </Panel>
  );
}
