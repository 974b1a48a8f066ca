import { Switch } from '@mantine/core';
import { type Engine, operations } from '@lazaret/protocol';
import { IconMicroscope, IconPlus } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { useAction, useOperation } from '../../data.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Notice } from '../../components/notice.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { LinkAnchor, LinkButton } from '../../components/router-link.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
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
        {engine.problem !== null && <div className="dim small state-detail">{engine.problem}</div>}
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
    label: 'Source',
    cell: ({ source }) => (source === 'directory' ? 'directory' : 'API'),
  },
  { label: 'Updated', end: true, cell: ({ updatedAt }) => <Timestamp at={updatedAt} /> },
  { label: 'Enabled', end: true, cell: (engine) => <EnableSwitch engine={engine} /> },
];

export function EnginesPage(): ReactNode {
  const mayManage = useAllowed('engines.manage');
  const query = useOperation(
    operations.engines.list,
    { query: { limit: 200 } },
    { refetchMs: 15_000 },
  );
  const add = (
    <LinkButton to="/engines/new" leftSection={<IconPlus size={16} />}>
      Add engine
    </LinkButton>
  );
  return (
    <>
      <PageHeader title="Engines" actions={mayManage ? add : undefined}>
        Analyzers: container images pinned by digest, with resource limits.
      </PageHeader>
      <div className="stack">
        {query.data?.refused.map((refusal) => (
          <Notice key={refusal.file} tone="failed" title={`Manifest rejected: ${refusal.file}`}>
            <p>
              <PlainText>{refusal.detail}</PlainText>
            </p>
            <p className="dim small">
              <Timestamp at={refusal.at} />. Other manifests are not affected.
            </p>
          </Notice>
        ))}
        <section className="panel" aria-label="Engines">
          <QueryView query={query} rows={4}>
            {({ items }) =>
              items.length === 0 ? (
                <EmptyState
                  icon={IconMicroscope}
                  title="No engines yet"
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
