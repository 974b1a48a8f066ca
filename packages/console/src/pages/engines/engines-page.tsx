import { Switch } from '@mantine/core';
import { type Engine, operations } from '@lazaret/protocol';
import { IconMicroscope, IconPlus } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { useAction, useOperation } from '../../data.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Notice } from '../../parts/notice.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { QueryView } from '../../parts/query-view.tsx';
import { LinkAnchor, LinkButton } from '../../parts/router-link.tsx';
import { When } from '../../parts/when.tsx';
import { useAllowed } from '../../session.ts';
import { EngineStateBadge } from './engine-state.tsx';

const columns: Column<Engine>[] = [
  {
    label: 'Engine',
    cell: (engine) => (
      <div>
        <LinkAnchor to="/engines/$name" params={{ name: engine.name }} className="row-link">
          {engine.name}
        </LinkAnchor>
        {engine.description !== '' && (
          <div className="dim small clamp">
            <PlainText>{engine.description}</PlainText>
          </div>
        )}
      </div>
    ),
  },
  {
    label: 'State',
    cell: (engine) => (
      <div>
        <EngineStateBadge engine={engine} />
        {engine.problem !== null && <div className="dim small state-words">{engine.problem}</div>}
      </div>
    ),
  },
  {
    label: 'Version',
    cell: ({ version, revision }) => (
      <span className="nowrap">
        {version} <span className="dim small">r{revision}</span>
      </span>
    ),
  },
  {
    label: 'From',
    cell: ({ source }) => (source === 'directory' ? 'directory' : 'API'),
  },
  { label: 'Changed', end: true, cell: ({ updatedAt }) => <When at={updatedAt} /> },
  { label: 'Enabled', end: true, cell: (engine) => <EnableSwitch engine={engine} /> },
];

export function EnginesPage(): ReactNode {
  const mayManage = useAllowed('engines.manage');
  const query = useOperation(
    operations.engines.list,
    { query: { limit: 200 } },
    { everyMs: 15_000 },
  );
  const add = (
    <LinkButton to="/engines/new" leftSection={<IconPlus size={16} />}>
      Add an engine
    </LinkButton>
  );
  return (
    <>
      <PageHeader title="Engines" actions={mayManage ? add : undefined}>
        The analyzers: each a container image pinned to its digest, with limits of its own.
      </PageHeader>
      <div className="stack">
        {query.data?.refused.map((refusal) => (
          <Notice key={refusal.file} tone="failed" title={`Refused: ${refusal.file}`}>
            <p>
              <PlainText>{refusal.detail}</PlainText>
            </p>
            <p className="dim small">
              <When at={refusal.at} />. The other manifests are not touched by this.
            </p>
          </Notice>
        ))}
        <section className="panel" aria-label="Engines">
          <QueryView query={query} rows={4}>
            {({ items }) =>
              items.length === 0 ? (
                <EmptyState
                  icon={IconMicroscope}
                  title="No engine yet"
                  action={mayManage ? add : undefined}
                >
                  Put a manifest into the watched directory, add one here, or run{' '}
                  <code>lazaret engines add</code>.
                </EmptyState>
              ) : (
                <DataTable
                  label="Engines"
                  columns={columns}
                  rows={items}
                  rowKey={({ name }) => name}
                />
              )
            }
          </QueryView>
        </section>
      </div>
    </>
  );
}

function EnableSwitch({ engine }: { readonly engine: Engine }): ReactNode {
  const mayManage = useAllowed('engines.manage');
  const update = useAction(operations.engines.update, {
    refreshes: [operations.engines.list, operations.engines.show],
  });
  return (
    <Switch
      size="sm"
      aria-label={`${engine.name} is enabled`}
      checked={engine.enabled}
      disabled={!mayManage || update.isPending}
      onChange={(event) =>
        update.mutate({
          params: { name: engine.name },
          body: { enabled: event.currentTarget.checked },
        })
      }
    />
  );
}
