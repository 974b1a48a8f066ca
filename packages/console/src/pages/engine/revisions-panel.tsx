import { type EngineDetail, operations } from '@lazaret/protocol';
import { IconArrowBackUp } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { useAction } from '../../data.ts';
import { ConfirmButton } from '../../components/confirm-button.tsx';
import { Copyable } from '../../components/copy.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Panel } from '../../components/panel.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { useAllowed } from '../../session.ts';

type Revision = EngineDetail['revisions'][number];

/** All revisions, with rollback to an earlier one. */
export function RevisionsPanel({ engine }: { readonly engine: EngineDetail }): ReactNode {
  const mayManage = useAllowed('engines.manage');
  const rollback = useAction(operations.engines.rollback, {
    refreshes: [operations.engines.list, operations.engines.show],
    successMessage: 'Rolled back',
  });
  const columns: Column<Revision>[] = [
    {
      label: 'Revision',
      cell: ({ revision }) => (
        <span className="row tight">
          <strong>{revision}</strong>
          {revision === engine.revision && <span className="tag">current</span>}
        </span>
      ),
    },
    { label: 'Version', cell: ({ version }) => version || '–' },
    {
      label: 'Image',
      cell: ({ image }) =>
        image === null ? (
          <span className="dim">not pinned</span>
        ) : (
          <Copyable value={image.digest} label="the image digest" chars={19} />
        ),
    },
    { label: 'By', cell: ({ createdBy }) => createdBy },
    { label: 'Added', end: true, cell: ({ createdAt }) => <Timestamp at={createdAt} /> },
    {
      label: 'Actions',
      quiet: true,
      end: true,
      cell: ({ revision }) =>
        !mayManage || revision === engine.revision ? null : (
          <ConfirmButton
            label="Roll back"
            question={`Roll back to revision ${revision}?`}
            icon={<IconArrowBackUp size={14} />}
            button={{ size: 'compact-sm' }}
            busy={rollback.isPending}
            onConfirm={() => rollback.mutate({ params: { name: engine.name }, body: { revision } })}
          >
            New jobs use this revision. Running jobs are not affected.
          </ConfirmButton>
        ),
    },
  ];
  return (
    <Panel title="Revisions" flush>
      <DataTable
        label="Revisions"
        columns={columns}
        rows={engine.revisions.toSorted((a, b) => b.revision - a.revision)}
        rowKey={({ revision }) => String(revision)}
      />
    </Panel>
  );
}
