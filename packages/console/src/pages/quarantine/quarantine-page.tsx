import { Button, Modal } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { operations } from '@lazaret/protocol';
import { IconBox, IconLock, IconPlus } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { FilterBar } from '../../components/filter-bar.tsx';
import { NoMatch } from '../../components/no-match.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { TextFilter } from '../../components/text-filter.tsx';
import { useOperation } from '../../data.ts';
import { useAllowed } from '../../session.ts';
import { ActionsPanel, ProposedPanel } from './actions-panel.tsx';
import { AddImage } from './add-image.tsx';
import { toQuarantineQuery } from './filters.ts';
import { itemColumns } from './item-columns.tsx';

const refetchMs = 5_000;
const pageItems = 200;
const actionItems = 50;

const stateChips = [
  { label: 'All', value: '' },
  { label: 'In quarantine', value: 'preparing,quarantined,blocked' },
  { label: 'Released', value: 'released' },
  { label: 'Failed', value: 'failed' },
] as const;

/** Quarantined images, what waits for approval, and what was done to registries. */
export function QuarantinePage(): ReactNode {
  const search = useSearch({ from: '/shell/quarantine' });
  const navigate = useNavigate();
  const { quarantine, actions } = operations;
  const query = { ...toQuarantineQuery(search), limit: pageItems };
  const items = useOperation(quarantine.list, { query }, { refetchMs, keepPrevious: true });
  const proposed = useOperation(
    actions.list,
    { query: { state: ['proposed'], limit: pageItems } },
    { refetchMs },
  );
  const latest = useOperation(actions.list, { query: { limit: actionItems } }, { refetchMs });
  return (
    <>
      <PageHeader title="Quarantine" actions={<AddButton />}>
        Images that were taken out of registries, with their evidence.
      </PageHeader>
      <div className="stack">
        {proposed.data !== undefined && <ProposedPanel items={proposed.data.items} />}
        <FilterBar
          search={search}
          onChange={(next) => void navigate({ to: '/quarantine', search: next, replace: true })}
          label="State"
          chips={stateChips}
          chipsOf="state"
        >
          {(change) => (
            <TextFilter
              label="Repository"
              icon={<IconBox size={16} />}
              value={search.repository ?? ''}
              onTyped={(repository) => change({ repository: repository.trim() })}
            />
          )}
        </FilterBar>
        <section className="panel" aria-label="Quarantined images">
          <QueryView query={items} rows={6}>
            {({ items: rows }) =>
              rows.length === 0 ? (
                <NoImages isFiltered={Object.keys(search).length > 0} />
              ) : (
                <DataTable
                  label="Quarantined images"
                  columns={itemColumns}
                  rows={rows}
                  rowKey={({ id }) => id}
                />
              )
            }
          </QueryView>
        </section>
        <QueryView query={latest} rows={4}>
          {({ items: rows }) => <ActionsPanel items={rows} />}
        </QueryView>
      </div>
    </>
  );
}

function AddButton(): ReactNode {
  const [open, { open: show, close }] = useDisclosure(false);
  if (!useAllowed('quarantine.manage')) return null;
  return (
    <>
      <Button leftSection={<IconPlus size={16} />} onClick={show}>
        Quarantine image
      </Button>
      <Modal opened={open} onClose={close} title="Quarantine image" closeOnClickOutside={false}>
        <AddImage onClose={close} />
      </Modal>
    </>
  );
}

function NoImages({ isFiltered }: { readonly isFiltered: boolean }): ReactNode {
  if (isFiltered) {
    return (
      <NoMatch title="No matching images" to="/quarantine">
        Broaden or clear the filters.
      </NoMatch>
    );
  }
  return (
    <EmptyState icon={IconLock} title="Nothing in quarantine">
      Images that a policy or a person takes out of a registry appear here.
    </EmptyState>
  );
}
