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

import { type Look, LookBadge } from './look-badge.tsx';

export const stateLooks: Readonly<Record<JobState, Look>> = {
  queued: { word: 'Queued', tone: 'queued', icon: IconHourglass },
  placed: { word: 'Placed', tone: 'moving', icon: IconMapPin },
  starting: { word: 'Starting', tone: 'moving', icon: IconPlayerPlay },
  running: { word: 'Running', tone: 'running', icon: IconLoader2 },
  collecting: { word: 'Collecting', tone: 'moving', icon: IconPackageImport },
  succeeded: { word: 'Succeeded', tone: 'succeeded', icon: IconCircleCheck },
  failed: { word: 'Failed', tone: 'failed', icon: IconCircleX },
  timed_out: { word: 'Timed out', tone: 'timed-out', icon: IconClockX },
  cancelled: { word: 'Cancelled', tone: 'cancelled', icon: IconBan },
};

interface StateBadgeProps {
  readonly state: JobState;
  readonly large?: boolean;
}

/** The state of a job or an attempt. */
export function StateBadge({ state, large }: StateBadgeProps): ReactNode {
  return <LookBadge look={stateLooks[state]} large={large} state={state} />;
}

/** The outcome in words, or nothing for a plain success. */
export function outcomeWords(outcome: Outcome | null): string | null {
  if (outcome === null || outcome.code === 'succeeded' || outcome.code === 'cancelled') return null;
  return outcomeCodes[outcome.code].title;
}
