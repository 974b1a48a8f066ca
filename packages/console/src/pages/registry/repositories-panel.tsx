import { operations, type Registry, type RegistryRepository } from '@lazaret/protocol';
import { IconBox, IconSearch } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useMemo } from 'react';

import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { LoadMoreButton } from '../../components/load-more-button.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { TextFilter } from '../../components/text-filter.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { client } from '../../client.ts';
import { usePages } from '../../data.ts';
import { readRegistrySearch } from './search.ts';

const pageItems = 50;

/** Repositories of a registry, with a filter by name. */
export function RepositoriesPanel({ registry }: { readonly registry: Registry }): ReactNode {
  const { name, counts, poll } = registry;
  const { project, text } = useSearch({ from: '/shell/registries/$name' });
  const navigate = useNavigate({ from: '/registries/$name' });
  const { list, columns } = useMemo(
    () => ({ list: operations.registries.repositories, columns: columnsOf(name, project) }),
    [name, project],
  );
  // A finished poll may have found more.
  const key = [list.name, name, project, text, poll.finishedAt];
  const { query, items } = usePages<RegistryRepository>(key, (cursor, signal) =>
    client.call(
      list,
      { params: { name }, query: { ...cursor, project, text, limit: pageItems } },
      { signal },
    ),
  );
  return (
    <Panel title="Repositories" flush>
      {(counts.repositories > 0 || text !== undefined) && (
        <div className="panel-body">
          <TextFilter
            label="Part of the name"
            icon={<IconSearch size={16} />}
            value={text ?? ''}
            onTyped={(typed) =>
              void navigate({
                search: readRegistrySearch({ project, text: typed.trim() }),
                replace: true,
              })
            }
          />
        </div>
      )}
      <QueryView query={query} rows={5}>
        {() =>
          items.length === 0 ? (
            <EmptyState
              icon={IconBox}
              title={text === undefined ? 'No repositories found yet' : 'No matching repositories'}
              small
            >
              {text === undefined &&
                'They appear after the first poll, if the settings include them.'}
            </EmptyState>
          ) : (
            <DataTable
              label="Repositories"
              columns={columns}
              rows={items}
              rowKey={(repository) => repository.name}
            />
          )
        }
      </QueryView>
      <LoadMoreButton query={query}>Load more repositories</LoadMoreButton>
    </Panel>
  );
}

function columnsOf(
  registry: string,
  project: string | undefined,
): readonly Column<RegistryRepository>[] {
  return [
    {
      label: 'Repository',
      cell: ({ name, problem, missingSince }) => (
        <div className="cell-name">
          <LinkAnchor
            to="/registries/$name"
            params={{ name: registry }}
            search={{ repository: name, ...(project !== undefined && { project }) }}
            className="row-link"
          >
            <PlainText>{name}</PlainText>
          </LinkAnchor>
          {problem !== null && (
            <div className="dim small state-detail break">
              <PlainText>{problem.detail}</PlainText>
            </div>
          )}
          {missingSince !== null && (
            <div className="dim small">
              not in the registry since <Timestamp at={missingSince} />
            </div>
          )}
        </div>
      ),
    },
    {
      label: 'Tags',
      end: true,
      cell: ({ tags }) => <span className="number">{tags.toLocaleString('en')}</span>,
    },
    {
      label: 'Skipped',
      end: true,
      cell: ({ skipped }) =>
        skipped === 0 ? null : <span className="number">{skipped.toLocaleString('en')}</span>,
    },
    {
      label: 'Last arrival',
      end: true,
      cell: ({ lastArrivalAt }) =>
        lastArrivalAt === null ? null : <Timestamp at={lastArrivalAt} />,
    },
    {
      label: 'Listed',
      end: true,
      cell: ({ listedAt }) => (listedAt === null ? null : <Timestamp at={listedAt} />),
    },
  ];
}
