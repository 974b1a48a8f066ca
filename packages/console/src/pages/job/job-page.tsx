import { Tabs } from '@mantine/core';
import type { JobDetail } from '@lazaret/protocol';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { ContainmentPanel } from './containment-panel.tsx';
import { FindingsPanel, hasFindings } from './findings-panel.tsx';
import { HistoryPanel } from './history-panel.tsx';
import { JobDetails } from './job-details.tsx';
import { JobHeader } from './job-header.tsx';
import { LogPanel } from './log-panel.tsx';
import { RawPanel } from './raw-panel.tsx';
import { ResultPanel } from './result-panel.tsx';
import { jobTabs, type JobTab } from './tabs.ts';
import { Timeline } from './timeline.tsx';
import { useJob } from './use-job.ts';

const tabLabels: Record<JobTab, string> = {
  log: 'Log',
  result: 'Result',
  findings: 'Findings',
  containment: 'Containment',
  history: 'History',
  raw: 'Raw',
};

export function JobPage(): ReactNode {
  const { id } = useParams({ from: '/shell/jobs/$id' });
  const query = useJob(id);
  return (
    <QueryView query={query} rows={10}>
      {(job) => <JobView key={job.id} job={job} />}
    </QueryView>
  );
}

function JobView({ job }: { readonly job: JobDetail }): ReactNode {
  const { tab } = useSearch({ from: '/shell/jobs/$id' });
  const navigate = useNavigate();
  const tabs = jobTabs.filter((name) => name !== 'findings' || hasFindings(job));
  const shown = tabs.find((name) => name === tab) ?? 'log';
  return (
    <>
      <JobHeader job={job} />
      <div className="job-grid">
        <div className="stack">
          <Timeline job={job} />
          <Panel>
            <Tabs
              value={shown}
              keepMounted={false}
              onChange={(next) =>
                void navigate({
                  to: '/jobs/$id',
                  params: { id: job.id },
                  search: next === null || next === 'log' ? {} : { tab: next },
                  replace: true,
                  resetScroll: false,
                })
              }
            >
              <Tabs.List className="job-tabs">
                {tabs.map((name) => (
                  <Tabs.Tab key={name} value={name}>
                    {tabLabels[name]}
                    {name === 'result' && job.artifacts.length > 0 && (
                      <span className="count">{job.artifacts.length}</span>
                    )}
                  </Tabs.Tab>
                ))}
              </Tabs.List>
              <Tabs.Panel value="log">
                <LogPanel job={job} />
              </Tabs.Panel>
              <Tabs.Panel value="result">
                <ResultPanel job={job} />
              </Tabs.Panel>
              <Tabs.Panel value="findings">
                <FindingsPanel job={job} />
              </Tabs.Panel>
              <Tabs.Panel value="containment">
                <ContainmentPanel job={job} />
              </Tabs.Panel>
              <Tabs.Panel value="history">
                <HistoryPanel job={job} />
              </Tabs.Panel>
              <Tabs.Panel value="raw">
                <RawPanel job={job} />
              </Tabs.Panel>
            </Tabs>
          </Panel>
        </div>
        <JobDetails job={job} />
      </div>
    </>
  );
}
