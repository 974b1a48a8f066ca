import { type Inspection, type InspectionPhase, type InspectionState } from '@lazaret/protocol';
import {
  IconBan,
  IconCircleCheck,
  IconCircleX,
  IconHourglass,
  IconLoader2,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { type Look, LookBadge } from '../../parts/look-badge.tsx';
import { counted } from '../../text/image-words.ts';

export const inspectionLooks: Readonly<Record<InspectionState, Look>> = {
  queued: { word: 'Queued', tone: 'queued', icon: IconHourglass },
  running: { word: 'Running', tone: 'running', icon: IconLoader2 },
  finished: { word: 'Finished', tone: 'succeeded', icon: IconCircleCheck },
  failed: { word: 'Failed', tone: 'failed', icon: IconCircleX },
  cancelled: { word: 'Cancelled', tone: 'cancelled', icon: IconBan },
};

const phaseWords: Readonly<Record<InspectionPhase, string>> = {
  waiting: 'Waiting for its turn',
  resolving: 'Asking the registry what the name means',
  layers: 'Reading layers',
  storing: 'Storing what was found',
  ended: 'Done',
};

interface InspectionBadgeProps {
  readonly state: InspectionState;
  readonly large?: boolean;
}

export function InspectionBadge({ state, large }: InspectionBadgeProps): ReactNode {
  return <LookBadge look={inspectionLooks[state]} large={large} state={state} />;
}

/** Where it stands in words: `Reading layers, 2 of 5, 12,000 files`. */
export function progressWords({ progress: { phase, done, total, files } }: Inspection): string {
  const layers = total > 0 && phase === 'layers' ? `${done} of ${total}` : undefined;
  const seen = files > 0 ? counted(files, 'file') : undefined;
  return [phaseWords[phase], layers, seen].filter((part) => part !== undefined).join(', ');
}

/** The layers as a bar; without an end while their number is not known. */
export function InspectionBar({ inspection }: { readonly inspection: Inspection }): ReactNode {
  const { phase, done, total } = inspection.progress;
  const words = progressWords(inspection);
  const share = phase === 'storing' || phase === 'ended' ? 1 : total === 0 ? 0 : done / total;
  const isKnown = total > 0 || share === 1;
  return (
    <div className="meter tone-moving">
      <div className="small number" role="status">
        {words}
      </div>
      <div
        className="meter-track"
        role="progressbar"
        aria-label="Progress of the inspection"
        aria-valuetext={words}
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
