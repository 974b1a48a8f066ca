import { operations, type Page, type StoredPolicy } from '@lazaret/protocol';
import { IconChecklist, IconPlus, IconSearch } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { FilterBar } from '../../components/filter-bar.tsx';
import { NoMatch } from '../../components/no-match.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { LinkAnchor, LinkButton } from '../../components/router-link.tsx';
import { TextFilter } from '../../components/text-filter.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { useOperation } from '../../data.ts';
import { useAllowed, useIdentity } from '../../session.ts';
import { useProjectSearch } from '../images/image-columns.tsx';
import { matchesPolicy, type PoliciesSearch, refusedFilter } from './filters.ts';
import { describeScope, FaultText, PolicySourceText, PolicyStateBadge } from './policy-state.tsx';
import { RejudgePanel } from './rejudge-panel.tsx';

const pageItems = 200;
const refetchMs = 5_000;
const { list } = operations.policies;

const sourceChips = [
  { label: 'All', value: '' },
  { label: 'API', value: 'api' },
  { label: 'File', value: 'file' },
  { label: 'Built-in', value: 'built-in' },
  { label: 'File refused', value: refusedFilter },
] as const;

const columns: readonly Column<StoredPolicy>[] = [
  { label: 'Policy', cell: (policy) => <Name policy={policy} /> },
  { label: 'State', cell: (policy) => <State policy={policy} /> },
  {
    label: 'Version',
    end: true,
    cell: ({ version }) => (version === 0 ? <span className="dim">–</span> : version),
  },
  { label: 'Source', cell: (policy) => <PolicySourceText policy={policy} /> },
  {
    label: 'Applies to',
    cell: (policy) => (
      <div className="break">
        <PlainText>{describeScope(policy)}</PlainText>
        <div className="dim small nowrap">priority {policy.priority}</div>
      </div>
    ),
  },
  {
    label: 'Changed',
    end: true,
    cell: ({ changedAt, changedBy, source }) =>
      source === 'built-in' ? (
        <span className="dim nowrap">with Lazaret</span>
      ) : (
        <div>
          <Timestamp at={changedAt} />
          <div className="dim small">by {changedBy}</div>
        </div>
      ),
  },
];

function Name({ policy }: { readonly policy: StoredPolicy }): ReactNode {
  const { name, project, description } = policy;
  const { projects } = useIdentity();
  return (
    <div>
      <LinkAnchor
        to="/policies/$name"
        params={{ name }}
        search={useProjectSearch(project)}
        className="row-link break"
      >
        {name}
      </LinkAnchor>
      {projects.length > 1 && <span className="dim small"> in {project}</span>}
      {description !== null && (
        <div className="small dim clamp">
          <PlainText>{description}</PlainText>
        </div>
      )}
    </div>
  );
}

function State({ policy }: { readonly policy: StoredPolicy }): ReactNode {
  const { problem, inForce, version } = policy;
  const [fault] = problem?.faults ?? [];
  return (
    <div>
      <PolicyStateBadge policy={policy} />
      {fault !== undefined && (
        <div className="small state-detail break">
          <FaultText fault={fault} />
          {inForce && <div className="dim">version {version} stays in force</div>}
        </div>
      )}
    </div>
  );
}

/** Policies of the visible projects, in the order in which they are tried. */
export function PoliciesPage(): ReactNode {
  const search = useSearch({ from: '/shell/policies' });
  const navigate = useNavigate();
  const { projects } = useIdentity();
  const { project } = search;
  const call = { query: { limit: pageItems, ...(project !== undefined && { project }) } };
  const query = useOperation(list, call, { refetchMs, keepPrevious: true });
  return (
    <>
      <PageHeader title="Policies" actions={<AddButton project={project} />}>
        Exactly one policy decides about an image: the first of its project that applies to it.
      </PageHeader>
      <div className="stack">
        <FilterBar
          search={search}
          onChange={(next) => void navigate({ to: '/policies', search: next, replace: true })}
          label="Source"
          chips={sourceChips}
          chipsOf="source"
        >
          {(change) => (
            <TextFilter
              label="Name or description"
              icon={<IconSearch size={16} />}
              value={search.text ?? ''}
              onTyped={(text) => change({ text: text.trim() })}
            />
          )}
        </FilterBar>
        <section className="panel" aria-label="Policies">
          <QueryView query={query} rows={4}>
            {(page) => <PolicyTable page={page} search={search} />}
          </QueryView>
        </section>
        <RejudgePanel projects={project === undefined ? projects : [project]} />
      </div>
    </>
  );
}

interface PolicyTableProps {
  readonly page: Page<StoredPolicy>;
  readonly search: PoliciesSearch;
}

function PolicyTable({ page, search }: PolicyTableProps): ReactNode {
  const rows = page.items.filter((policy) => matchesPolicy(policy, search));
  if (rows.length === 0) return <NoPolicies isFiltered={Object.keys(search).length > 0} />;
  return (
    <>
      <DataTable
        label="Policies"
        columns={columns}
        rows={rows}
        rowKey={({ project, name }) => `${project}/${name}`}
      />
      {page.next !== null && (
        <div className="table-note dim small">
          Only the first {pageItems} policies are listed: choose a project.
        </div>
      )}
    </>
  );
}

function AddButton({ project }: { readonly project: string | undefined }): ReactNode {
  const mayManage = useAllowed('policies.manage');
  return (
    <>
      <LinkButton to="/exceptions" variant="default">
        Exceptions
      </LinkButton>
      {mayManage && (
        <LinkButton
          to="/policies/_new"
          search={project === undefined ? {} : { project }}
          leftSection={<IconPlus size={16} />}
        >
          Add policy
        </LinkButton>
      )}
    </>
  );
}

function NoPolicies({ isFiltered }: { readonly isFiltered: boolean }): ReactNode {
  if (isFiltered) {
    return (
      <NoMatch title="No matching policies" to="/policies">
        Broaden or clear the filters.
      </NoMatch>
    );
  }
  return (
    <EmptyState icon={IconChecklist} title="No policies">
      You cannot read the policies of any project.
    </EmptyState>
  );
}
