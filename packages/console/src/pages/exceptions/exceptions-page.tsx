import { Button, Modal } from '@mantine/core';
import { operations, type StoredException } from '@lazaret/protocol';
import { IconBug, IconFileImport, IconPlus, IconShieldOff } from '@tabler/icons-react';
import { useDisclosure } from '@mantine/hooks';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useMemo } from 'react';

import { client } from '../../client.ts';
import { DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { FilterBar } from '../../components/filter-bar.tsx';
import { LoadMoreButton } from '../../components/load-more-button.tsx';
import { NewItemsButton } from '../../components/new-items-button.tsx';
import { NoMatch } from '../../components/no-match.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { TextFilter } from '../../components/text-filter.tsx';
import { useStableList } from '../../live/stable-list.ts';
import { useAllowed } from '../../session.ts';
import { useNow } from '../../time.ts';
import { AddException } from './add-exception.tsx';
import { exceptionColumns } from './exception-columns.tsx';
import { ImportVex } from './import-vex.tsx';
import { type ExceptionsSearch, filtersOf, targetOf, toExceptionsQuery } from './search.ts';

const pageItems = 50;
const dayMs = 86_400_000;
const { list } = operations.exceptions;

const stateChips = [
  { label: 'In force', value: '' },
  { label: 'Expires soon', value: 'soon' },
  { label: 'Expired', value: 'expired' },
  { label: 'Ended', value: 'removed' },
  { label: 'All', value: 'all' },
] as const;

/** What is accepted until a date, with a reason and an owner. */
export function ExceptionsPage(): ReactNode {
  const search = useSearch({ from: '/shell/exceptions' });
  const navigate = useNavigate();
  const change = (next: ExceptionsSearch): void =>
    void navigate({ to: '/exceptions', search: next, replace: true });
  const day = useNow(dayMs);
  const filters = JSON.stringify(filtersOf(search));
  // The list must not be read again because the form is opened.
  const filter = useMemo(
    () => toExceptionsQuery(JSON.parse(filters) as ExceptionsSearch, day),
    [filters, day],
  );
  const { query, items, newer, showNewer } = useStableList<StoredException>({
    name: list.name,
    filter,
    read: (cursor, signal) =>
      client.call(list, { query: { ...filter, ...cursor, limit: pageItems } }, { signal }),
    versionOf: ({ id }) => id,
    matchesEvent: ({ type }) => type.startsWith('exception.'),
  });
  return (
    <>
      <PageHeader title="Exceptions" actions={<Actions search={search} onChange={change} />}>
        What is accepted until a date, with a reason and an owner. Exceptions apply to all policies
        of a project; those in the document of a policy are listed there.
      </PageHeader>
      <div className="stack">
        <FilterBar
          search={filtersOf(search)}
          onChange={change}
          label="State"
          chips={stateChips}
          chipsOf="state"
        >
          {(narrow) => (
            <TextFilter
              label="Vulnerability"
              icon={<IconBug size={16} />}
              value={search.text ?? ''}
              onTyped={(text) => narrow({ text: text.trim() })}
            />
          )}
        </FilterBar>
        <NewItemsButton count={newer} item="new exception" onShow={showNewer} />
        <section className="panel" aria-label="Exceptions">
          <QueryView query={query} rows={6}>
            {() =>
              items.length === 0 ? (
                <NoExceptions isFiltered={Object.keys(filtersOf(search)).length > 0} />
              ) : (
                <DataTable
                  label="Exceptions"
                  columns={exceptionColumns}
                  rows={items}
                  rowKey={({ id }) => id}
                />
              )
            }
          </QueryView>
        </section>
        <LoadMoreButton query={query}>Load older exceptions</LoadMoreButton>
      </div>
    </>
  );
}

interface ActionsProps {
  readonly search: ExceptionsSearch;
  readonly onChange: (search: ExceptionsSearch) => void;
}

function Actions({ search, onChange }: ActionsProps): ReactNode {
  const [importing, { open, close }] = useDisclosure(false);
  if (!useAllowed('policies.manage')) return null;
  const filters = filtersOf(search);
  const closeForm = (): void => onChange(filters);
  return (
    <>
      <Button variant="default" leftSection={<IconFileImport size={16} />} onClick={open}>
        Import VEX
      </Button>
      <Button
        leftSection={<IconPlus size={16} />}
        onClick={() => onChange({ ...filters, add: '1' })}
      >
        Add exception
      </Button>
      <Modal
        opened={search.add !== undefined}
        onClose={closeForm}
        title="Add exception"
        size="xl"
        closeOnClickOutside={false}
      >
        <AddException target={targetOf(search)} project={search.project} onClose={closeForm} />
      </Modal>
      <Modal
        opened={importing}
        onClose={close}
        title="Import VEX document"
        size="lg"
        closeOnClickOutside={false}
      >
        <ImportVex project={search.project} onClose={close} />
      </Modal>
    </>
  );
}

function NoExceptions({ isFiltered }: { readonly isFiltered: boolean }): ReactNode {
  if (isFiltered) {
    return (
      <NoMatch title="No matching exceptions" to="/exceptions">
        Broaden or clear the filters.
      </NoMatch>
    );
  }
  return (
    <EmptyState icon={IconShieldOff} title="No exceptions in force">
      Accept a finding, vulnerability, package or path until a date, here or from a decision.
    </EmptyState>
  );
}
