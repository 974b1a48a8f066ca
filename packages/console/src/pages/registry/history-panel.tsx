import { operations, type Registry, type TagChange } from '@lazaret/protocol';
import { IconArrowsExchange, IconCirclePlus, IconCircleX, IconHistory } from '@tabler/icons-react';
import { useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { imageNameOf } from '../../text/image-name.ts';
import { ImageName } from '../../components/image-name.tsx';
import { Copyable } from '../../components/copy.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { LoadMoreButton } from '../../components/load-more-button.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { type Status, StatusBadge } from '../../components/status-badge.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { client } from '../../client.ts';
import { usePages } from '../../data.ts';
import { arrivalSourceLabels } from '../arrivals/arrival-columns.tsx';

const pageItems = 20;
const digestChars = 19;

const changes: Readonly<Record<TagChange['change'], Status>> = {
  appeared: { label: 'Appeared', tone: 'succeeded', icon: IconCirclePlus },
  moved: { label: 'Moved', tone: 'timed-out', icon: IconArrowsExchange },
  disappeared: { label: 'Disappeared', tone: 'failed', icon: IconCircleX },
};

const columns: readonly Column<TagChange>[] = [
  {
    label: 'Tag',
    cell: ({ repository, tag }) => (
      <div className="cell-name break">
        <ImageName>{imageNameOf(repository, tag)}</ImageName>
      </div>
    ),
  },
  {
    label: 'Change',
    cell: ({ change }) => <StatusBadge status={changes[change]} state={change} />,
  },
  {
    label: 'Digest',
    cell: ({ digest, previous }) => (
      <div>
        {digest !== null && <Copyable value={digest} label="the digest" chars={digestChars} />}
        {previous !== null && (
          <div className="dim small">
            before: <Copyable value={previous} label="the previous digest" chars={digestChars} />
          </div>
        )}
      </div>
    ),
  },
  {
    label: 'Source',
    cell: ({ source, actor }) => (
      <div>
        {source === 'quarantine' ? 'quarantine' : arrivalSourceLabels[source]}
        {actor !== null && (
          <div className="dim small break">
            by <PlainText>{actor}</PlainText>
          </div>
        )}
      </div>
    ),
  },
  { label: 'At', end: true, cell: ({ at }) => <Timestamp at={at} /> },
];

interface HistoryPanelProps {
  readonly registry: Registry;
  /** Only of this repository. */
  readonly repository?: string;
}

/** Changes of tags, latest first. */
export function HistoryPanel({ registry, repository }: HistoryPanelProps): ReactNode {
  const { name, poll, counts } = registry;
  const { project } = useSearch({ from: '/shell/registries/$name' });
  const list = operations.registries.history;
  const version = `${poll.finishedAt ?? ''} ${counts.tags} ${counts.waiting}`;
  const { query, items } = usePages<TagChange>(
    [list.name, name, project, repository, version],
    (cursor, signal) =>
      client.call(
        list,
        { params: { name }, query: { ...cursor, project, repository, limit: pageItems } },
        { signal },
      ),
  );
  return (
    <Panel title="Changes of tags" flush>
      <QueryView query={query} rows={4}>
        {() =>
          items.length === 0 ? (
            <EmptyState icon={IconHistory} title="No changes yet" small />
          ) : (
            <DataTable
              label="Changes of tags"
              columns={columns}
              rows={items}
              rowKey={({ repository: from, tag, at, change }) => `${from}:${tag} ${at} ${change}`}
            />
          )
        }
      </QueryView>
      <LoadMoreButton query={query}>Load older changes</LoadMoreButton>
    </Panel>
  );
}
