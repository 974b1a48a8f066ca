import { Button, Modal } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { operations, type NotificationTarget } from '@lazaret/protocol';
import { IconBell, IconPlus } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { useOperation } from '../../data.ts';
import { AddTarget } from './add-target.tsx';
import { NotificationDeliveries } from './notification-deliveries.tsx';
import { TargetActions } from './target-actions.tsx';
import { TargetStateView } from './target-state.tsx';
import { describeAddress, describeChoice } from './describe-target.ts';

const refetchMs = 5_000;

const columns: readonly Column<NotificationTarget>[] = [
  {
    label: 'Target',
    cell: (target) => (
      <div>
        <strong className="break">{target.name}</strong>
        <div className="small dim break">
          <PlainText>{describeAddress(target)}</PlainText>
        </div>
      </div>
    ),
  },
  {
    label: 'Events',
    cell: ({ settings }) => (
      <div className="break">
        {settings.events.join(', ')}
        <div className="small dim">{describeChoice(settings)}</div>
      </div>
    ),
  },
  { label: 'State', cell: (target) => <TargetStateView target={target} /> },
  { label: 'Waiting', end: true, cell: ({ counts }) => counts.queued.toLocaleString('en') },
  { label: 'Delivered', end: true, cell: ({ counts }) => counts.delivered.toLocaleString('en') },
  { label: 'Dead', end: true, cell: ({ counts }) => counts.dead.toLocaleString('en') },
  { label: 'Last delivery', cell: ({ lastDeliveredAt }) => <Timestamp at={lastDeliveredAt} /> },
  { label: 'Actions', quiet: true, end: true, cell: (target) => <TargetActions target={target} /> },
];

/** Targets of notifications, and what was delivered to them. */
export function NotificationsPage(): ReactNode {
  const [open, { open: show, close }] = useDisclosure(false);
  const { list } = operations.notifications;
  const query = useOperation(list, { query: { limit: 200 } }, { refetchMs });
  const add = (
    <Button leftSection={<IconPlus size={16} />} onClick={show}>
      Add target
    </Button>
  );
  return (
    <>
      <PageHeader title="Notifications" actions={add}>
        Webhooks, mail addresses and files that are notified of events.
      </PageHeader>
      <div className="stack">
        <Panel title="Targets" flush>
          <QueryView query={query} rows={3}>
            {({ items }) =>
              items.length === 0 ? (
                <EmptyState icon={IconBell} title="No targets yet" action={add}>
                  Events are stored and shown, but sent nowhere.
                </EmptyState>
              ) : (
                <DataTable
                  label="Targets"
                  columns={columns}
                  rows={items}
                  rowKey={({ name }) => name}
                />
              )
            }
          </QueryView>
        </Panel>
        <NotificationDeliveries />
      </div>
      <Modal opened={open} onClose={close} title="Add target" closeOnClickOutside={false}>
        <AddTarget onClose={close} />
      </Modal>
    </>
  );
}
