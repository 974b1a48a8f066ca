import { Button } from '@mantine/core';
import { operations, type Delivery, type DeliveryState } from '@lazaret/protocol';
import { IconCircleCheck, IconHourglass, IconMailOff, IconWebhook } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';

import { type Column } from '../../components/data-table.tsx';
import { DeliveriesPanel } from '../../components/deliveries-panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { type Status, StatusBadge } from '../../components/status-badge.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { useAction, useOperation } from '../../data.ts';

const refetchMs = 5_000;
const eventsShown = 3;

const statuses: Readonly<Record<DeliveryState, Status>> = {
  queued: { label: 'Waiting', tone: 'queued', icon: IconHourglass },
  processed: { label: 'Processed', tone: 'succeeded', icon: IconCircleCheck },
  dead: { label: 'Dead letter', tone: 'failed', icon: IconMailOff },
};

const columns: readonly Column<Delivery>[] = [
  {
    label: 'Delivery',
    cell: ({ id, hook, test }) => (
      <div>
        <span className="mono">{id}</span>
        <div className="small dim">
          {hook}
          {test && ' · test'}
        </div>
      </div>
    ),
  },
  {
    label: 'State',
    cell: ({ state, reason }) => (
      <div>
        <StatusBadge status={statuses[state]} state={state} />
        {reason !== null && (
          <div className="dim small state-detail">
            <PlainText>{reason}</PlainText>
          </div>
        )}
      </div>
    ),
  },
  { label: 'Content', cell: (delivery) => <Content delivery={delivery} /> },
  { label: 'Received', end: true, cell: ({ receivedAt }) => <Timestamp at={receivedAt} /> },
  { label: 'Actions', quiet: true, end: true, cell: (delivery) => <Replay delivery={delivery} /> },
];

/** The last deliveries of all hooks, or the dead letters. */
export function HookDeliveries(): ReactNode {
  const [isDead, setDead] = useState(false);
  const states: DeliveryState[] = isDead ? ['dead'] : [];
  const query = useOperation(
    operations.hooks.deliveries,
    { query: { limit: 50, ...(isDead && { state: states }) } },
    { refetchMs, keepPrevious: true },
  );
  return (
    <DeliveriesPanel
      query={query}
      columns={columns}
      isDead={isDead}
      onDead={setDead}
      icon={IconWebhook}
      noDead="Every notification that was received could be read."
      none="Notifications of registries appear here."
    />
  );
}

function Content({ delivery }: { readonly delivery: Delivery }): ReactNode {
  const { events, reason: shown } = delivery;
  const ignored = delivery.ignored.filter(({ reason }) => reason !== shown);
  const lines = [
    ...events
      .slice(0, eventsShown)
      .map(
        ({ action, repository, tag, outcome }) =>
          `${action} ${repository}${tag === null ? '' : `:${tag}`}: ${outcome}`,
      ),
    ...(events.length > eventsShown ? [`${events.length - eventsShown} more`] : []),
    ...ignored.map(({ reason, count }) => `ignored: ${reason}${count > 1 ? ` (${count})` : ''}`),
  ];
  if (lines.length === 0) return null;
  return (
    <div className="small break">
      {lines.map((line) => (
        <div key={line}>
          <PlainText>{line}</PlainText>
        </div>
      ))}
    </div>
  );
}

function Replay({ delivery }: { readonly delivery: Delivery }): ReactNode {
  const replay = useAction(operations.hooks.replay, {
    refreshes: [operations.hooks.deliveries, operations.hooks.list],
    successMessage: 'The delivery is processed again',
  });
  if (!delivery.replayable) return null;
  return (
    <Button
      variant="default"
      size="compact-sm"
      loading={replay.isPending}
      aria-label={`Replay the delivery ${delivery.id}`}
      onClick={() => replay.mutate({ params: { id: delivery.id } })}
    >
      Replay
    </Button>
  );
}
