import { Button, Modal } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { hookKindInfo, operations, type Hook } from '@lazaret/protocol';
import { IconBuildingWarehouse, IconPlus, IconWebhook } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { Copyable } from '../../components/copy.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { LinkButton } from '../../components/router-link.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { useOperation } from '../../data.ts';
import { AddHook } from './add-hook.tsx';
import { HookDeliveries } from './hook-deliveries.tsx';
import { HookActions } from './hook-actions.tsx';

const refetchMs = 5_000;
const urlChars = 48;

const columns: readonly Column<Hook>[] = [
  {
    label: 'Hook',
    cell: ({ name, registry, source }) => (
      <div>
        <strong className="break">{name}</strong>
        <div className="small dim">{registry}</div>
        {source === 'file' && (
          <div className="small dim">Defined in the configuration file of the server</div>
        )}
      </div>
    ),
  },
  {
    label: 'Sender',
    cell: ({ kind, url }) => (
      <div>
        {hookKindInfo(kind).title}
        <div className="small dim">
          <Copyable value={url} label="the address" chars={urlChars} />
        </div>
      </div>
    ),
  },
  { label: 'Waiting', end: true, cell: ({ counts }) => counts.queued.toLocaleString('en') },
  { label: 'Dead', end: true, cell: ({ counts }) => counts.dead.toLocaleString('en') },
  { label: 'Refused', cell: (hook) => <Refusals hook={hook} /> },
  { label: 'Last delivery', cell: ({ lastDeliveryAt }) => <Timestamp at={lastDeliveryAt} /> },
  { label: 'Actions', quiet: true, end: true, cell: (hook) => <HookActions hook={hook} /> },
];

/** Hooks and what they received. */
export function HooksPage(): ReactNode {
  const [open, { open: show, close }] = useDisclosure(false);
  const query = useOperation(operations.hooks.list, { query: { limit: 200 } }, { refetchMs });
  const add = (
    <Button leftSection={<IconPlus size={16} />} onClick={show}>
      Add hook
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Hooks"
        actions={
          <>
            <LinkButton
              to="/registries"
              variant="default"
              leftSection={<IconBuildingWarehouse size={16} />}
            >
              Registries
            </LinkButton>
            {add}
          </>
        }
      >
        Addresses at which registries report pushes.
      </PageHeader>
      <div className="stack">
        <Panel title="Hooks" flush>
          <QueryView query={query} rows={3}>
            {({ items }) =>
              items.length === 0 ? (
                <EmptyState icon={IconWebhook} title="No hooks yet" action={add}>
                  Without them pushes are found by polling.
                </EmptyState>
              ) : (
                <DataTable
                  label="Hooks"
                  columns={columns}
                  rows={items}
                  rowKey={({ name }) => name}
                />
              )
            }
          </QueryView>
        </Panel>
        <HookDeliveries />
      </div>
      <Modal opened={open} onClose={close} title="Add hook" closeOnClickOutside={false}>
        <AddHook onClose={close} />
      </Modal>
    </>
  );
}

function Refusals({ hook }: { readonly hook: Hook }): ReactNode {
  const { counts, lastRefusal } = hook;
  return (
    <div>
      {counts.refused.toLocaleString('en')}
      {lastRefusal !== null && (
        <div className="small dim break">
          <PlainText>{lastRefusal.reason}</PlainText>, from{' '}
          <PlainText>{lastRefusal.address}</PlainText> <Timestamp at={lastRefusal.at} />
        </div>
      )}
    </div>
  );
}
