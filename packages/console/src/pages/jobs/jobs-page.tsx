import { IconUpload } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { MoreButton } from '../../parts/more-button.tsx';
import { NewsButton } from '../../parts/news-button.tsx';
import { NoMatch } from '../../parts/no-match.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { QueryView } from '../../parts/query-view.tsx';
import { LinkButton } from '../../parts/router-link.tsx';
import { jobColumns } from './job-columns.tsx';
import { JobFilters } from './job-filters.tsx';
import { useJobList } from './list-jobs.ts';

const columns = [
  jobColumns.name,
  jobColumns.state,
  jobColumns.engine,
  jobColumns.tags,
  jobColumns.ran,
  jobColumns.age,
];

export function JobsPage(): ReactNode {
  const search = useSearch({ from: '/shell/jobs' });
  const navigate = useNavigate();
  const { query, jobs, newer, showNewer } = useJobList(search);
  const isFiltered = Object.keys(search).length > 0;
  return (
    <>
      <PageHeader
        title="Jobs"
        actions={
          <LinkButton to="/submit" leftSection={<IconUpload size={16} />}>
            Submit
          </LinkButton>
        }
      >
        Every engine run, newest first. The list stays still while you read.
      </PageHeader>
      <div className="stack">
        <JobFilters
          search={search}
          onChange={(next) => void navigate({ to: '/jobs', search: next, replace: true })}
        />
        <NewsButton count={newer} words="new" onShow={showNewer} />
        <section className="panel" aria-label="Jobs">
          <QueryView query={query} rows={8}>
            {() =>
              jobs.length === 0 ? (
                <NoJobs isFiltered={isFiltered} />
              ) : (
                <DataTable label="Jobs" columns={columns} rows={jobs} rowKey={(job) => job.id} />
              )
            }
          </QueryView>
        </section>
        <MoreButton query={query}>Show older jobs</MoreButton>
      </div>
    </>
  );
}

function NoJobs({ isFiltered }: { readonly isFiltered: boolean }): ReactNode {
  if (isFiltered) {
    return (
      <NoMatch title="No job fits these filters" to="/jobs">
        Loosen a filter, or look for a part of the file name.
      </NoMatch>
    );
  }
  return (
    <EmptyState
      icon={IconUpload}
      title="No jobs yet"
      action={<LinkButton to="/submit">Submit the first file</LinkButton>}
    >
      Drop a file, choose an engine, and watch it at work. The same goes with{' '}
      <code>lazaret submit</code> or curl.
    </EmptyState>
  );
}
