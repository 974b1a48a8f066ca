import { operations, type Registry, type RegistryTag } from '@lazaret/protocol';
import { IconTag } from '@tabler/icons-react';
import { useSearch } from '@tanstack/react-router';
import { type ReactNode, useMemo } from 'react';

import { Copyable } from '../../components/copy.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { LoadMoreButton } from '../../components/load-more-button.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { VerdictBadge } from '../../components/verdict-badge.tsx';
import { client } from '../../client.ts';
import { PolicyVerdictBadge } from '../decisions/decision-status.tsx';
import { usePages } from '../../data.ts';

const pageItems = 100;
const digestChars = 19;

interface TagsPanelProps {
  readonly registry: Registry;
  readonly repository: string;
}

/** Tags of a repository with their digests and verdicts. */
export function TagsPanel({ registry, repository }: TagsPanelProps): ReactNode {
  const { name, poll, counts } = registry;
  const { project } = useSearch({ from: '/shell/registries/$name' });
  const columns = useMemo(() => columnsOf(name), [name]);
  const list = operations.registries.tags;
  // A finished poll or inspection may have changed them.
  const version = `${poll.finishedAt ?? ''} ${counts.waiting + counts.inspecting}`;
  const { query, items } = usePages<RegistryTag>(
    [list.name, name, project, repository, version],
    (cursor, signal) =>
      client.call(
        list,
        { params: { name }, query: { ...cursor, project, repository, limit: pageItems } },
        { signal },
      ),
  );
  return (
    <Panel title="Tags" flush>
      <QueryView query={query} rows={5}>
        {() =>
          items.length === 0 ? (
            <EmptyState icon={IconTag} title="No tags" small />
          ) : (
            <DataTable label="Tags" columns={columns} rows={items} rowKey={({ tag }) => tag} />
          )
        }
      </QueryView>
      <LoadMoreButton query={query}>Load more tags</LoadMoreButton>
    </Panel>
  );
}

function columnsOf(registry: string): readonly Column<RegistryTag>[] {
  return [
    {
      label: 'Tag',
      cell: ({ repository, tag, present, problem }) => (
        <div className="cell-name">
          <LinkAnchor to="/arrivals" search={{ registry, repository, tag }} className="row-link">
            <PlainText>{tag}</PlainText>
          </LinkAnchor>
          {!present && <div className="dim small">not in the registry</div>}
          {problem !== null && (
            <div className="dim small state-detail break">
              <PlainText>{problem.detail}</PlainText>
            </div>
          )}
        </div>
      ),
    },
    {
      label: 'Digest',
      cell: ({ digest }) =>
        digest === null ? null : <Copyable value={digest} label="the digest" chars={digestChars} />,
    },
    {
      label: 'Verdict',
      cell: ({ verdict, arrival }) =>
        verdict === null ? (
          <span className="dim small">{arrival === null ? 'not inspected' : 'pending'}</span>
        ) : (
          <VerdictBadge state={verdict} />
        ),
    },
    {
      label: 'Decision',
      cell: ({ inForce }) =>
        inForce === null ? null : (
          <LinkAnchor to="/decisions/$id" params={{ id: inForce.decision }}>
            <PolicyVerdictBadge verdict={inForce.verdict} />
          </LinkAnchor>
        ),
    },
    { label: 'Changed', end: true, cell: ({ changedAt }) => <Timestamp at={changedAt} /> },
    {
      label: 'Confirmed',
      end: true,
      cell: ({ checkedAt }) => (checkedAt === null ? null : <Timestamp at={checkedAt} />),
    },
  ];
}
