import { Button } from '@mantine/core';
import { operations, type Notification, type NotificationState } from '@lazaret/protocol';
import { IconBell, IconCircleCheck, IconHourglass, IconMailOff } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';

import { type Column } from '../../components/data-table.tsx';
import { DeliveriesPanel } from '../../components/deliveries-panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { type Status, StatusBadge } from '../../components/status-badge.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { useAction, useOperation } from '../../data.ts';

const refetchMs = 5_000;
const { deliveries, list, replay } = operations.notifications;

const statuses: Readonly<Record<NotificationState, Status>> = {
  queued: { label: 'Waiting', tone: 'queued', icon: IconHourglass },
  delivered: { label: 'Delivered', tone: 'succeeded', icon: IconCircleCheck },
  dead: { label: 'Dead letter', tone: 'failed', icon: IconMailOff },
};

const columns: readonly Column<Notification>[] = [
  {
    label: 'Event',
    cell: ({ type, subject, project }) => (
      <div>
        <strong>{type}</strong>
        <div className="small dim break">
          <PlainText>{subject}</PlainText>
          {project !== null && ` · ${project}`}
        </div>
      </div>
    ),
  },
  { label: 'Target', cell: ({ target }) => <span className="break">{target}</span> },
  {
    label: 'State',
    cell: ({ state, reason }) => (
      <div>
        <StatusBadge status={statuses[state]} state={state} />
        {reason !== null && (
          <div className="dim small state-detail break">
            <PlainText>{reason}</PlainText>
          </div>
        )}
      </div>
    ),
  },
  { label: 'Attempts', end: true, cell: ({ attempts }) => attempts },
  { label: 'Happened', end: true, cell: ({ happenedAt }) => <Timestamp at={happenedAt} /> },
  { label: 'Actions', quiet: true, end: true, cell: (delivery) => <Replay delivery={delivery} /> },
];

/** The last deliveries of all targets, or the dead letters. */
export function NotificationDeliveries(): ReactNode {
  const [isDead, setDead] = useState(false);
  const states: NotificationState[] = isDead ? ['dead'] : [];
  const query = useOperation(
    deliveries,
    { query: { limit: 50, ...(isDead && { state: states }) } },
    { refetchMs, keepPrevious: true },
  );
  return (
    <DeliveriesPanel
      query={query}
      columns={columns}
      isDead={isDead}
      onDead={setDead}
      icon={IconBell}
      noDead="Every event was delivered, or will be sent again."
      none="Events that targets choose appear here."
    />
  );
}

function Replay({ delivery }: { readonly delivery: Notification }): ReactNode {
  const { id, type, target } = delivery;
  const replaying = useAction(replay, {
    refreshes: [deliveries, list],
    successMessage: 'The event is sent again',
  });
  if (delivery.state !== 'dead') return null;
  return (
    <Button
      variant="default"
      size="compact-sm"
      loading={replaying.isPending}
      aria-label={`Replay ${type} to ${target}`}
      onClick={() => replaying.mutate({ params: { id } })}
    >
      Replay
    </Button>
  );
}
