import { Button } from '@mantine/core';
import { type Node, operations, plural } from '@lazaret/protocol';
import { IconHandStop, IconPlayerPlay } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { useAction } from '../../data.ts';
import { ConfirmButton } from '../../components/confirm-button.tsx';
import { Notice } from '../../components/notice.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { ValueTable } from '../../components/value-table.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { useAllowed } from '../../session.ts';
import { NodeMeters } from './node-meters.tsx';
import { NodeStateBadge } from './node-state.tsx';

export function NodeCard({ node }: { readonly node: Node }): ReactNode {
  return (
    <Panel title={node.name} actions={<NodeStateBadge node={node} />}>
      <div className="stack">
        {node.problem !== null && (
          <Notice tone="warning" title="Problem">
            <p>
              <PlainText>{node.problem}</PlainText>
            </p>
          </Notice>
        )}
        <NodeMeters node={node} />
        <dl className="fields">
          <div>
            <dt>Running</dt>
            <dd>
              <LinkAnchor to="/jobs" search={{ node: node.name, state: 'running' }}>
                {plural(node.runningAttempts, 'attempt')}
              </LinkAnchor>
            </dd>
          </div>
          <div>
            <dt>Kind</dt>
            <dd>{node.kind}</dd>
          </div>
          <div>
            <dt>Last seen</dt>
            <dd>
              <Timestamp at={node.lastSeenAt} />
            </dd>
          </div>
          <div className="wide">
            <dt>Endpoint</dt>
            <dd className="mono small">{node.endpoint}</dd>
          </div>
        </dl>
        {Object.keys(node.labels).length > 0 && (
          <div className="row tight">
            {Object.entries(node.labels).map(([key, value]) => (
              <span key={key} className="tag">
                {key}={value}
              </span>
            ))}
          </div>
        )}
        <details className="more">
          <summary>Container engine details</summary>
          <ValueTable label={`Container engine of ${node.name}`} values={node.facts} />
        </details>
        <Scheduling node={node} />
      </div>
    </Panel>
  );
}

function Scheduling({ node }: { readonly node: Node }): ReactNode {
  const mayManage = useAllowed('nodes.manage');
  const update = useAction(operations.nodes.update, { refreshes: [operations.nodes.list] });
  if (!mayManage) return null;
  const params = { name: node.name };
  return (
    <div>
      {node.schedulable ? (
        <ConfirmButton
          label="Cordon"
          question={`Cordon ${node.name}?`}
          icon={<IconHandStop size={16} />}
          busy={update.isPending}
          onConfirm={() => update.mutate({ params, body: { schedulable: false } })}
        >
          Running attempts finish. No new attempts are scheduled until the node is uncordoned.
        </ConfirmButton>
      ) : (
        <Button
          leftSection={<IconPlayerPlay size={16} />}
          loading={update.isPending}
          onClick={() => update.mutate({ params, body: { schedulable: true } })}
        >
          Uncordon
        </Button>
      )}
    </div>
  );
}
