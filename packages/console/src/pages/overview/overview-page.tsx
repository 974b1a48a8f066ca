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
import { ImagesPanel } from './images-panel.tsx';
import { JobsPanel } from './jobs-panel.tsx';
import { NodesPanel } from './nodes-panel.tsx';

const settleMs = 700;
const refreshed = ['jobs.list', 'jobs.count', 'nodes.list', 'jobs.activity', 'images.list'];

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
            <ImagesPanel />
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
    if (/^(job|node|image)\./.test(event.type)) {
      setHappened((count) => count + 1);
    }
  });
  useEffect(() => {
    if (happened === 0) return undefined;
    const timer = setTimeout(() => {
      for (const name of refreshed) {
        void queries.invalidateQueries({ queryKey: [name] });
      }
    }, settleMs);
    return () => clearTimeout(timer);
  }, [happened, queries]);
}
