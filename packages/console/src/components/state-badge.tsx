import { type JobState, outcomeCodes, type Outcome } from '@lazaret/protocol';
import {
  IconBan,
  IconCircleCheck,
  IconCircleX,
  IconClockX,
  IconHourglass,
  IconLoader2,
  IconMapPin,
  IconPackageImport,
  IconPlayerPlay,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { type Status, StatusBadge } from './status-badge.tsx';

export const jobStatuses: Readonly<Record<JobState, Status>> = {
  queued: { label: 'Queued', tone: 'queued', icon: IconHourglass },
  placed: { label: 'Placed', tone: 'moving', icon: IconMapPin },
  starting: { label: 'Starting', tone: 'moving', icon: IconPlayerPlay },
  running: { label: 'Running', tone: 'running', icon: IconLoader2 },
  collecting: { label: 'Collecting', tone: 'moving', icon: IconPackageImport },
  succeeded: { label: 'Succeeded', tone: 'succeeded', icon: IconCircleCheck },
  failed: { label: 'Failed', tone: 'failed', icon: IconCircleX },
  timed_out: { label: 'Timed out', tone: 'timed-out', icon: IconClockX },
  cancelled: { label: 'Cancelled', tone: 'cancelled', icon: IconBan },
};

interface StateBadgeProps {
  readonly state: JobState;
  readonly large?: boolean;
}

/** The state of a job or an attempt. */
export function StateBadge({ state, large }: StateBadgeProps): ReactNode {
  return <StatusBadge status={jobStatuses[state]} large={large} state={state} />;
}

/** Title of the outcome, or null for success and cancellation. */
export function outcomeText(outcome: Outcome | null): string | null {
  if (outcome === null || outcome.code === 'succeeded' || outcome.code === 'cancelled') return null;
  return outcomeCodes[outcome.code].title;
}
