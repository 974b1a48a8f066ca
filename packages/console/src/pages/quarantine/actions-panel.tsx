import { Group } from '@mantine/core';
import { operations, type RegistryAction } from '@lazaret/protocol';
import { IconHistory } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { ImageName } from '../../components/image-name.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { useAction } from '../../data.ts';
import { useAllowed } from '../../session.ts';
import { ReasonButton } from './reason-button.tsx';
import { ActionStateBadge, actionLabels } from './statuses.tsx';

const { actions, quarantine } = operations;
const refreshes = [actions.list, quarantine.list];

const columns: readonly Column<RegistryAction>[] = [
  { label: 'Action', cell: (action) => <Name action={action} /> },
  {
    label: 'State',
    cell: ({ state, problem, retryAt }) => (
      <div>
        <ActionStateBadge state={state} />
        {problem !== null && (
          <div className="dim small state-detail break">
            <PlainText>{problem.detail}</PlainText>
          </div>
        )}
        {retryAt !== null && (
          <div className="dim small">
            again <Timestamp at={retryAt} />
          </div>
        )}
      </div>
    ),
  },
  {
    label: 'Reason',
    cell: ({ reason, requestedBy, decidedBy, decisionReason }) => (
      <div className="break">
        <PlainText>{reason}</PlainText>
        <div className="dim small">by {requestedBy}</div>
        {decidedBy !== null && (
          <div className="dim small">
            {decidedBy}: <PlainText>{decisionReason ?? ''}</PlainText>
          </div>
        )}
      </div>
    ),
  },
  { label: 'Requested', end: true, cell: ({ requestedAt }) => <Timestamp at={requestedAt} /> },
];

function Name({ action }: { readonly action: RegistryAction }): ReactNode {
  const { kind, repository, registry, item } = action;
  return (
    <div className="cell-name">
      {item === null ? (
        <strong>{actionLabels[kind]}</strong>
      ) : (
        <LinkAnchor to="/quarantine/$id" params={{ id: item }} className="row-link">
          {actionLabels[kind]}
        </LinkAnchor>
      )}
      <div className="small dim break">
        {registry} · <ImageName>{repository}</ImageName>
      </div>
    </div>
  );
}

/** Actions on registries, latest first. */
export function ActionsPanel({ items }: { readonly items: readonly RegistryAction[] }): ReactNode {
  return (
    <Panel title="Actions on registries" fragment="actions" flush>
      {items.length === 0 ? (
        <EmptyState icon={IconHistory} title="No actions yet">
          What is done to registries is recorded here before it happens.
        </EmptyState>
      ) : (
        <DataTable label="Actions" columns={columns} rows={items} rowKey={({ id }) => id} />
      )}
    </Panel>
  );
}

const proposedColumns: readonly Column<RegistryAction>[] = [
  { label: 'Action', cell: (action) => <Name action={action} /> },
  {
    label: 'Needs approval because',
    cell: ({ approvalReason, reason }) => (
      <div className="break">
        <PlainText>{approvalReason ?? ''}</PlainText>
        <div className="dim small">
          <PlainText>{reason}</PlainText>
        </div>
      </div>
    ),
  },
  { label: 'Proposed', end: true, cell: ({ requestedAt }) => <Timestamp at={requestedAt} /> },
  { label: 'Decide', quiet: true, end: true, cell: (action) => <Decide action={action} /> },
];

/** Actions that a person has to approve; nothing when there are none. */
export function ProposedPanel({ items }: { readonly items: readonly RegistryAction[] }): ReactNode {
  if (items.length === 0) return null;
  return (
    <Panel title="Waiting for approval" fragment="approvals" flush>
      <DataTable
        label="Proposed actions"
        columns={proposedColumns}
        rows={items}
        rowKey={({ id }) => id}
      />
    </Panel>
  );
}

function Decide({ action }: { readonly action: RegistryAction }): ReactNode {
  const { id, kind, reference } = action;
  const mayApprove = useAllowed('quarantine.approve');
  const approve = useAction(actions.approve, { quiet: true, refreshes });
  const reject = useAction(actions.reject, { quiet: true, refreshes });
  if (!mayApprove) return null;
  const params = { id };
  return (
    <Group gap="xs" justify="flex-end">
      <ReasonButton
        label="Approve"
        question={`Approve: ${actionLabels[kind].toLowerCase()}?`}
        button={{ size: 'compact-sm' }}
        isDestructive={kind === 'quarantine'}
        namesLabel="Tags and digests that may be removed too"
        action={approve}
        onConfirm={({ reason, names: confirm }, close) =>
          approve.mutate({ params, body: { reason, confirm } }, { onSuccess: close })
        }
      >
        <p className="break">
          <PlainText>{reference}</PlainText>
        </p>
      </ReasonButton>
      <ReasonButton
        label="Reject"
        question="Reject this action?"
        button={{ size: 'compact-sm' }}
        action={reject}
        onConfirm={({ reason }, close) =>
          reject.mutate({ params, body: { reason } }, { onSuccess: close })
        }
      >
        The action then never runs, until a newer decision asks for it again.
      </ReasonButton>
    </Group>
  );
}
