import { type Arrival, operations } from '@lazaret/protocol';
import { IconPackageImport } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';

import { imageNameOf } from '../../text/image-name.ts';
import { ImageName } from '../../components/image-name.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { VerdictBadge } from '../../components/verdict-badge.tsx';
import { useOperation } from '../../data.ts';
import { ArrivalStateBadge } from '../arrivals/arrival-columns.tsx';
import { daySpan, HourChart, SpanChips, sumOf } from './hour-chart.tsx';

const series = [
  { name: 'malicious', label: 'Malicious', color: 'var(--lz-failed)' },
  { name: 'suspicious', label: 'Suspicious', color: 'var(--lz-timed-out)' },
  { name: 'incomplete', label: 'Incomplete', color: 'var(--lz-moving)' },
  { name: 'unscanned', label: 'Not scanned', color: 'var(--lz-queued)' },
  { name: 'clean', label: 'Clean', color: 'var(--lz-succeeded)' },
] as const;
const none = {
  title: 'No images arrived in this period',
  text: 'Verdicts about what reaches watched registries are shown here per hour.',
};

/** Verdicts about arrivals per hour. Shown once there is a watched registry. */
export function VerdictsPanel(): ReactNode {
  const [hours, setHours] = useState<number>(daySpan);
  const call = { query: { hours } };
  const query = useOperation(operations.arrivals.activity, call, {
    refetchMs: 60_000,
    keepPrevious: true,
  });
  return (
    <Panel
      title="Verdicts on arrivals per hour"
      actions={<SpanChips hours={hours} onChange={setHours} />}
    >
      <QueryView query={query} rows={6}>
        {({ hours: counted, waiting, inspecting }) => (
          <HourChart
            hours={counted}
            series={series}
            summary={
              `${sumOf(counted, 'arrived').toLocaleString('en')} arrived, ` +
              `${(waiting + inspecting).toLocaleString('en')} in progress, ` +
              `${sumOf(counted, 'failed').toLocaleString('en')} failed`
            }
            none={none}
          />
        )}
      </QueryView>
    </Panel>
  );
}

const shown = 6;

/** The latest arrivals. */
export function ArrivalsPanel(): ReactNode {
  const call = { query: { limit: shown } };
  const query = useOperation(operations.arrivals.list, call, { refetchMs: 5_000 });
  return (
    <Panel
      title="Arrivals"
      flush
      actions={
        <LinkAnchor to="/arrivals" size="sm">
          All<span className="visually-hidden"> arrivals</span>
        </LinkAnchor>
      }
    >
      <QueryView query={query} rows={3}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState icon={IconPackageImport} title="No arrivals yet" small />
          ) : (
            <ul className="job-rows">
              {items.map((arrival) => (
                <ArrivalRow key={arrival.id} arrival={arrival} />
              ))}
            </ul>
          )
        }
      </QueryView>
    </Panel>
  );
}

function ArrivalRow({ arrival }: { readonly arrival: Arrival }): ReactNode {
  const { registry, repository, tag, verdict, state, recordedAt } = arrival;
  return (
    <li className="job-row">
      {verdict === null ? <ArrivalStateBadge state={state} /> : <VerdictBadge state={verdict} />}
      <div className="grow">
        <Link
          to="/arrivals"
          search={{ registry, repository, ...(tag !== null && { tag }) }}
          className="job-row-name"
        >
          <ImageName>{imageNameOf(repository, tag)}</ImageName>
        </Link>
        <div className="dim small break">{registry}</div>
      </div>
      <div className="job-row-time small dim">
        <Timestamp at={recordedAt} />
      </div>
    </li>
  );
}
