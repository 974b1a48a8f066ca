import {
  type Inspection,
  type InspectionPhase,
  type InspectionState,
  plural,
} from '@lazaret/protocol';
import {
  IconBan,
  IconCircleCheck,
  IconCircleX,
  IconHourglass,
  IconLoader2,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { type Status, StatusBadge } from '../../components/status-badge.tsx';

export const inspectionStatuses: Readonly<Record<InspectionState, Status>> = {
  queued: { label: 'Queued', tone: 'queued', icon: IconHourglass },
  running: { label: 'Running', tone: 'running', icon: IconLoader2 },
  finished: { label: 'Finished', tone: 'succeeded', icon: IconCircleCheck },
  failed: { label: 'Failed', tone: 'failed', icon: IconCircleX },
  cancelled: { label: 'Cancelled', tone: 'cancelled', icon: IconBan },
};

const phaseLabels: Readonly<Record<InspectionPhase, string>> = {
  waiting: 'Queued',
  resolving: 'Resolving the reference',
  layers: 'Reading layers',
  storing: 'Storing results',
  ended: 'Completed',
};

interface InspectionBadgeProps {
  readonly state: InspectionState;
  readonly large?: boolean;
}

export function InspectionBadge({ state, large }: InspectionBadgeProps): ReactNode {
  return <StatusBadge status={inspectionStatuses[state]} large={large} state={state} />;
}

/** The platform as text; undefined for that of the server, which is the default. */
export function platformText({ platform }: Pick<Inspection, 'platform'>): string | undefined {
  if (platform === 'default') return undefined;
  return platform === 'all' ? 'all platforms' : platform;
}

/** Progress as text: `Reading layers, 2 of 5, 12,000 entries`. */
export function progressText({ progress: { phase, done, total, files } }: Inspection): string {
  const layers = total > 0 && phase === 'layers' ? `${done} of ${total}` : undefined;
  const seen = files > 0 ? plural(files, 'entry', 'entries') : undefined;
  // The badge already shows that it has ended.
  const label = phase === 'ended' && seen !== undefined ? undefined : phaseLabels[phase];
  return [label, layers, seen].filter((part) => part !== undefined).join(', ');
}

/** Progress bar over the layers; indeterminate while their number is unknown. */
export function InspectionBar({ inspection }: { readonly inspection: Inspection }): ReactNode {
  const { phase, done, total } = inspection.progress;
  const text = progressText(inspection);
  const share = phase === 'storing' || phase === 'ended' ? 1 : total === 0 ? 0 : done / total;
  const isKnown = total > 0 || share === 1;
  return (
    <div className="meter tone-moving">
      <div className="small number" role="status">
        {text}
      </div>
      <div
        className="meter-track"
        role="progressbar"
        aria-label="Progress of the inspection"
        aria-valuetext={text}
        {...(isKnown
          ? { 'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-valuenow': Math.round(share * 100) }
          : {})}
      >
        <div
          className={isKnown ? 'meter-fill' : 'meter-fill meter-unknown'}
          style={isKnown ? { width: `${Math.min(1, share) * 100}%` } : {}}
        />
      </div>
    </div>
  );
}
