import { operations } from '@lazaret/protocol';
import { IconUpload } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';

import { useOperation } from '../../data.ts';
import { useEvents } from '../../live/events.ts';
import { Notice } from '../../parts/notice.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { LinkButton } from '../../parts/router-link.tsx';
import { ActivityPanel } from './activity-panel.tsx';
import { Figures } from './figures.tsx';
import { JobsPanel } from './jobs-panel.tsx';
import { NodesPanel } from './nodes-panel.tsx';

const settleMs = 700;

/** What the station is doing now, what waits and why, how it went, and what is missing. */
export function OverviewPage(): ReactNode {
  useRefreshOnEvents();
  const system = useOperation(operations.system.show, {}, { everyMs: 30_000 });
  return (
    <>
      <PageHeader
        title="Overview"
        actions={
          <LinkButton to="/submit" leftSection={<IconUpload size={16} />}>
            Submit a file
          </LinkButton>
        }
      />
      <div className="stack">
        {system.data?.missing.map((missing) => (
          <Notice key={missing.part} tone="warning" title={`Missing: ${missing.part}`}>
            <p>
              <PlainText>{missing.detail}</PlainText>
            </p>
            <p>
              <strong>{missing.advice}</strong>
            </p>
          </Notice>
        ))}
        <Figures />
        <div className="overview-grid">
          <div className="stack">
            <ActivityPanel />
            <JobsPanel kind="recent" />
          </div>
          <div className="stack">
            <JobsPanel kind="running" />
            <JobsPanel kind="queued" />
            <NodesPanel />
          </div>
        </div>
      </div>
    </>
  );
}

/** Reads everything here again shortly after something happened. */
function useRefreshOnEvents(): void {
  const queries = useQueryClient();
  const [happened, setHappened] = useState(0);
  useEvents((event) => {
    if (event.type.startsWith('job.') || event.type.startsWith('node.')) {
      setHappened((count) => count + 1);
    }
  });
  useEffect(() => {
    if (happened === 0) return undefined;
    const timer = setTimeout(() => {
      for (const name of ['jobs.list', 'jobs.count', 'nodes.list', 'jobs.activity']) {
        void queries.invalidateQueries({ queryKey: [name] });
      }
    }, settleMs);
    return () => clearTimeout(timer);
  }, [happened, queries]);
}
