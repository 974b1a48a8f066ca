import { Button, Modal } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { operations, type Registry } from '@lazaret/protocol';
import { IconBuildingWarehouse, IconPlus, IconRefresh, IconWebhook } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { LinkAnchor, LinkButton } from '../../components/router-link.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { useAction, useOperation } from '../../data.ts';
import { useAllowed } from '../../session.ts';
import { useProjectSearch } from '../images/image-columns.tsx';
import { AddRegistry } from './add-registry.tsx';
import { kindLabels } from './registry-fields.ts';
import { backlogText, RegistryStateView } from './registry-state.tsx';

const refetchMs = 5_000;

const columns: readonly Column<Registry>[] = [
  { label: 'Registry', cell: (registry) => <Name registry={registry} /> },
  { label: 'State', cell: (registry) => <RegistryStateView registry={registry} /> },
  {
    label: 'Repositories',
    end: true,
    cell: ({ counts }) => (
      <span className="number">{counts.repositories.toLocaleString('en')}</span>
    ),
  },
  {
    label: 'Tags',
    end: true,
    cell: ({ counts }) => <span className="number">{counts.tags.toLocaleString('en')}</span>,
  },
  {
    label: 'Waiting',
    end: true,
    cell: (registry) => (
      <div>
        <span className="number">{registry.counts.waiting.toLocaleString('en')}</span>
        <div className="dim small">{backlogText(registry)}</div>
      </div>
    ),
  },
  {
    label: 'Last full poll',
    end: true,
    cell: ({ poll }) =>
      poll.completeAt === null ? (
        <span className="dim">never</span>
      ) : (
        <Timestamp at={poll.completeAt} />
      ),
  },
  { label: 'Actions', quiet: true, end: true, cell: (registry) => <Sync registry={registry} /> },
];

/** Watched registries with their state and backlog. */
export function RegistriesPage(): ReactNode {
  const mayManage = useAllowed('registries.manage');
  const [open, { open: show, close }] = useDisclosure(false);
  const call = { query: { limit: 200 } };
  const query = useOperation(operations.registries.list, call, { refetchMs });
  const add = (
    <Button leftSection={<IconPlus size={16} />} onClick={show}>
      Add registry
    </Button>
  );
  return (
    <>
      <PageHeader title="Registries" actions={<Actions add={mayManage ? add : undefined} />}>
        What is pushed to them is inspected.
      </PageHeader>
      <section className="panel" aria-label="Registries">
        <QueryView query={query} rows={4}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyState
                icon={IconBuildingWarehouse}
                title="No registries yet"
                action={mayManage ? add : undefined}
              >
                Add one here, in the configuration file, or with{' '}
                <code>lazaret registries add NAME ADDRESS</code>.
              </EmptyState>
            ) : (
              <DataTable
                label="Registries"
                columns={columns}
                rows={items}
                rowKey={({ id }) => id}
              />
            )
          }
        </QueryView>
      </section>
      <Modal
        opened={open}
        onClose={close}
        title="Add registry"
        size="lg"
        closeOnClickOutside={false}
      >
        <AddRegistry />
      </Modal>
    </>
  );
}

function Actions({ add }: { readonly add: ReactNode }): ReactNode {
  const mayManageHooks = useAllowed('hooks.manage');
  return (
    <>
      {mayManageHooks && (
        <LinkButton to="/hooks" variant="default" leftSection={<IconWebhook size={16} />}>
          Hooks
        </LinkButton>
      )}
      {add}
    </>
  );
}

function Name({ registry }: { readonly registry: Registry }): ReactNode {
  const search = useProjectSearch(registry.project);
  const { name, address, settings } = registry;
  return (
    <div className="cell-name">
      <LinkAnchor to="/registries/$name" params={{ name }} search={search} className="row-link">
        {name}
      </LinkAnchor>
      <div className="small dim break">
        {address === 'local' ? '' : `${address} · `}
        {kindLabels[settings.kind]}
      </div>
    </div>
  );
}

function Sync({ registry }: { readonly registry: Registry }): ReactNode {
  const mayManage = useAllowed('registries.manage');
  const { name, project, poll, settings } = registry;
  const sync = useAction(operations.registries.sync, {
    refreshes: [operations.registries.list],
    successMessage: `${name} is polled now`,
  });
  if (!mayManage || !settings.enabled) return null;
  return (
    <Button
      variant="default"
      size="compact-sm"
      leftSection={<IconRefresh size={14} />}
      loading={sync.isPending || poll.running}
      aria-label={`Poll now: ${name}`}
      onClick={() => sync.mutate({ params: { name }, query: { project } })}
    >
      Poll now
    </Button>
  );
}
