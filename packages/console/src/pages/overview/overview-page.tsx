import { operations } from '@lazaret/protocol';
import { IconUpload } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';

import { useOperation } from '../../data.ts';
import { useEvents } from '../../live/events.ts';
import { MissingNotice } from '../../components/missing-notice.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { LinkButton } from '../../components/router-link.tsx';
import { ActivityPanel } from './activity-panel.tsx';
import { ArrivalsPanel, VerdictsPanel } from './arrivals-panel.tsx';
import { StatCards } from './stat-cards.tsx';
import { ImagesPanel } from './images-panel.tsx';
import { JobsPanel } from './jobs-panel.tsx';
import { NodesPanel } from './nodes-panel.tsx';
import { PoliciesPanel } from './policies-panel.tsx';
import { QuarantineCards } from './quarantine-cards.tsx';

const settleMs = 700;
const refreshed = [
  ...['jobs.list', 'jobs.count', 'nodes.list', 'jobs.activity', 'images.list'],
  ...['arrivals.list', 'arrivals.activity', 'policies.list', 'exceptions.list', 'system.show'],
];

/**
 * What arrived in watched registries, running and queued jobs, recent results, nodes, and missing
 * parts of the installation.
 */
export function OverviewPage(): ReactNode {
  useRefreshOnEvents();
  const system = useOperation(operations.system.show, {}, { refetchMs: 30_000 });
  const registries = useOperation(operations.registries.list, { query: { limit: 1 } });
  const quarantine = system.data?.quarantine;
  const isWatching = (registries.data?.items.length ?? 0) > 0;
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
          <MissingNotice key={missing.part} missing={missing} />
        ))}
        {isWatching && quarantine !== null && quarantine !== undefined && (
          <QuarantineCards quarantine={quarantine} />
        )}
        <StatCards />
        <div className="overview-grid">
          <div className="stack">
            {isWatching && <VerdictsPanel />}
            <ActivityPanel />
            <JobsPanel kind="recent" />
          </div>
          <div className="stack">
            {isWatching && <ArrivalsPanel />}
            {isWatching && <PoliciesPanel />}
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

/** Refetches the page shortly after an event. */
function useRefreshOnEvents(): void {
  const queries = useQueryClient();
  const [happened, setHappened] = useState(0);
  useEvents((event) => {
    if (/^(job|node|image|arrival|policy|exception|action)\./.test(event.type)) {
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
