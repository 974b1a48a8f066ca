import { operations, plural, type PolicyVersion, type StoredPolicyDetail } from '@lazaret/protocol';
import { IconArrowBackUp, IconHistory } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { client } from '../../client.ts';
import { ConfirmButton } from '../../components/confirm-button.tsx';
import { Copyable } from '../../components/copy.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { LoadMoreButton } from '../../components/load-more-button.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { notifyFailure, usePages } from '../../data.ts';
import { useAllowed } from '../../session.ts';
import { useProjectSearch } from '../images/image-columns.tsx';

const { policies } = operations;
const digestChars = 12;

interface VersionsPanelProps {
  readonly policy: StoredPolicyDetail;
}

/** All versions, each with a link to its document, and restoring of an earlier one. */
export function VersionsPanel({ policy }: VersionsPanelProps): ReactNode {
  const { name, project, version, source } = policy;
  const search = useProjectSearch(project);
  const mayManage = useAllowed('policies.manage') && source === 'api';
  // A new version is a new key: the list does not change otherwise.
  const { query, items } = usePages<PolicyVersion>(
    [policies.versions.name, project, name, version],
    (cursor, signal) =>
      client.call(
        policies.versions,
        { params: { name }, query: { project, ...cursor } },
        { signal },
      ),
  );
  const columns: readonly Column<PolicyVersion>[] = [
    {
      label: 'Version',
      cell: (one) => (
        <span className="row tight">
          <LinkAnchor
            to="/policies/$name"
            params={{ name }}
            search={{ ...search, ...(!one.inForce && { version: String(one.version) }) }}
            className="row-link"
          >
            Version {one.version}
          </LinkAnchor>
          {one.inForce && <span className="tag">in force</span>}
        </span>
      ),
    },
    {
      label: 'SHA-256',
      cell: ({ sha256 }) => <Copyable value={sha256} label="the digest" chars={digestChars} />,
    },
    { label: 'Size', end: true, cell: ({ bytes }) => plural(bytes, 'byte') },
    { label: 'By', cell: ({ createdBy }) => createdBy },
    { label: 'Applied', end: true, cell: ({ createdAt }) => <Timestamp at={createdAt} /> },
    {
      label: 'Restore',
      quiet: true,
      end: true,
      cell: (one) =>
        mayManage && !one.inForce ? <Restore policy={policy} version={one.version} /> : null,
    },
  ];
  return (
    <Panel title="Versions" flush>
      <QueryView query={query} rows={2}>
        {() =>
          items.length === 0 ? (
            <EmptyState icon={IconHistory} title="No versions yet" small>
              Each document that is applied becomes a version, which is never changed.
            </EmptyState>
          ) : (
            <DataTable
              label="Versions"
              columns={columns}
              rows={items}
              rowKey={({ version: one }) => String(one)}
            />
          )
        }
      </QueryView>
      <LoadMoreButton query={query}>Load earlier versions</LoadMoreButton>
    </Panel>
  );
}

interface RestoreProps extends VersionsPanelProps {
  readonly version: number;
}

function Restore({ policy, version }: RestoreProps): ReactNode {
  const { name, project, version: expectedVersion } = policy;
  const queries = useQueryClient();
  const restore = useMutation({
    mutationFn: async () => {
      const query = { project, version };
      const { document } = await client.call(policies.show, { params: { name }, query });
      return client.call(policies.apply, { body: { project, document, expectedVersion } });
    },
    onSuccess: () => {
      for (const { name: changed } of [policies.show, policies.list, policies.rejudgeStatus]) {
        void queries.invalidateQueries({ queryKey: [changed] });
      }
    },
    onError: notifyFailure,
  });
  return (
    <ConfirmButton
      label="Restore"
      question={`Restore version ${version}?`}
      icon={<IconArrowBackUp size={14} />}
      button={{ size: 'compact-sm' }}
      busy={restore.isPending}
      isHarmless
      onConfirm={() => restore.mutate()}
    >
      Its document becomes a new version, which is in force at once. Stored images are judged again
      in the background.
    </ConfirmButton>
  );
}
