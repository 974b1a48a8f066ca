import { formatDuration, type NotificationTarget, type TargetState } from '@lazaret/protocol';
import { IconCircleCheck, IconCircleX, IconPlayerPause, IconPower } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { PlainText } from '../../components/plain-text.tsx';
import { type Status, StatusBadge } from '../../components/status-badge.tsx';
import { useNow } from '../../time.ts';

const statuses: Readonly<Record<TargetState, Status>> = {
  healthy: { label: 'Healthy', tone: 'succeeded', icon: IconCircleCheck },
  failing: { label: 'Failing', tone: 'failed', icon: IconCircleX },
  paused: { label: 'Paused', tone: 'failed', icon: IconPlayerPause },
  disabled: { label: 'Disabled', tone: 'cancelled', icon: IconPower },
};

/** State of a target, with its problem and the next attempt. */
export function TargetStateView({ target }: { readonly target: NotificationTarget }): ReactNode {
  const { state, problem } = target;
  return (
    <div>
      <StatusBadge status={statuses[state]} state={state} />
      {problem !== null && (
        <div className="dim small state-detail break">
          <PlainText>{problem.detail}</PlainText>
          {problem.retryAt !== null && <NextAttempt at={problem.retryAt} />}
        </div>
      )}
    </div>
  );
}

function NextAttempt({ at }: { readonly at: string }): ReactNode {
  const leftMs = Date.parse(at) - useNow();
  return <div>Next attempt {leftMs > 0 ? `in ${formatDuration(leftMs)}` : 'now'}</div>;
}
