import { Tabs } from '@mantine/core';
import type { JobDetail } from '@lazaret/protocol';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';

import { Panel } from '../../components/panel.tsx';
import { PartBoundary } from '../../components/part-boundary.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { ContainmentPanel } from './containment-panel.tsx';
import { FindingsPanel, hasFindings } from './findings-panel.tsx';
import { HistoryPanel } from './history-panel.tsx';
import { JobDetails } from './job-details.tsx';
import { JobHeader } from './job-header.tsx';
import { LogPanel } from './log-panel.tsx';
import { RawPanel } from './raw-panel.tsx';
import { ResultPanel } from './result-panel.tsx';
import { initialTab, jobTabs, type JobTab } from './tabs.ts';
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
  // Chosen when the page is opened: a log that is being read stays when the job ends.
  const [initial] = useState(() => initialTab(job));
  const shown = tabs.find((name) => name === tab) ?? initial;
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
                  search: next === null || next === initial ? {} : { tab: next },
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
              <TabPanel name="log">
                <LogPanel job={job} />
              </TabPanel>
              <TabPanel name="result">
                <ResultPanel job={job} />
              </TabPanel>
              <TabPanel name="findings">
                <FindingsPanel job={job} />
              </TabPanel>
              <TabPanel name="containment">
                <ContainmentPanel job={job} />
              </TabPanel>
              <TabPanel name="history">
                <HistoryPanel job={job} />
              </TabPanel>
              <TabPanel name="raw">
                <RawPanel job={job} />
              </TabPanel>
            </Tabs>
          </Panel>
        </div>
        <JobDetails job={job} />
      </div>
    </>
  );
}

interface TabPanelProps {
  readonly name: JobTab;
  readonly children: ReactNode;
}

/** A tab that fails leaves the other tabs usable. */
function TabPanel({ name, children }: TabPanelProps): ReactNode {
  return (
    <Tabs.Panel value={name}>
      <PartBoundary>{children}</PartBoundary>
    </Tabs.Panel>
  );
}
