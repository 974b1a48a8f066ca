import { type JobState, outcomeCodes, type Outcome } from '@lazaret/protocol';
import {
  type Icon,
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

interface StateLook {
  readonly word: string;
  readonly tone: string;
  readonly icon: Icon;
}

export const stateLooks: Readonly<Record<JobState, StateLook>> = {
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

/** A state as colour, icon and word. */
export function StateBadge({ state, large }: StateBadgeProps): ReactNode {
  const { word, tone, icon: StateIcon } = stateLooks[state];
  return (
    <span className={`state tone-${tone}${large === true ? ' large' : ''}`} data-state={state}>
      <StateIcon size={large === true ? 18 : 14} stroke={2.2} aria-hidden />
      {word}
    </span>
  );
}

/** The outcome in words, or nothing for a plain success. */
export function outcomeWords(outcome: Outcome | null): string | null {
  if (outcome === null || outcome.code === 'succeeded' || outcome.code === 'cancelled') return null;
  return outcomeCodes[outcome.code].title;
}
