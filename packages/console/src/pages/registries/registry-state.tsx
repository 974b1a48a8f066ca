import { plural, type Registry, type RegistryState } from '@lazaret/protocol';
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconHourglass,
  IconPlayerPause,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { PlainText } from '../../components/plain-text.tsx';
import { type Status, StatusBadge } from '../../components/status-badge.tsx';

const statuses: Readonly<Record<RegistryState, Status>> = {
  pending: { label: 'Not polled yet', tone: 'queued', icon: IconHourglass },
  healthy: { label: 'Healthy', tone: 'succeeded', icon: IconCircleCheck },
  degraded: { label: 'Partly readable', tone: 'timed-out', icon: IconAlertTriangle },
  failing: { label: 'Failing', tone: 'failed', icon: IconCircleX },
  paused: { label: 'Disabled', tone: 'cancelled', icon: IconPlayerPause },
};

/** State of a registry, with its problem if there is one. */
export function RegistryStateView({ registry }: { readonly registry: Registry }): ReactNode {
  const { state, problem } = registry;
  return (
    <div>
      <StatusBadge status={statuses[state]} state={state} />
      {problem !== null && (
        <div className="dim small state-detail break">
          <PlainText>{problem.detail}</PlainText>
        </div>
      )}
    </div>
  );
}

/** What waits, in words; empty when nothing does. */
export function backlogText({ counts }: Registry): string {
  return [
    counts.inspecting > 0 ? `${counts.inspecting.toLocaleString('en')} inspecting` : '',
    counts.failed > 0 ? `${counts.failed.toLocaleString('en')} failed` : '',
    counts.skipped > 0 ? `${plural(counts.skipped, 'older image')} skipped` : '',
  ]
    .filter((part) => part !== '')
    .join(', ');
}
