import type { DecisionAction, DecisionEffect, EffectState } from '@lazaret/protocol';
import { IconBan } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { PlainText } from '../../components/plain-text.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { type Status, StatusBadge } from '../../components/status-badge.tsx';
import { actionStatuses, itemStatuses } from '../quarantine/statuses.tsx';
import { actionLabels } from './decision-status.tsx';

/** Those of the action until it ends, then those of the quarantined image. */
const statuses: Readonly<Record<EffectState, Status>> = {
  waiting: actionStatuses.approved,
  proposed: actionStatuses.proposed,
  running: actionStatuses.running,
  done: actionStatuses.done,
  blocked: itemStatuses.blocked,
  failed: actionStatuses.failed,
  rejected: actionStatuses.rejected,
  withdrawn: { label: 'Withdrawn', tone: 'cancelled', icon: IconBan },
  released: itemStatuses.released,
};

const effectEvents: ReadonlySet<string> = new Set([
  ...['decision.recorded', 'image.quarantined', 'image.released', 'image.verdict_attached'],
  ...['action.proposed', 'action.approved', 'action.rejected', 'action.finished'],
  'action.failed',
]);

/** Whether an event may change the effect of a decision. */
export function changesEffect(type: string): boolean {
  return effectEvents.has(type);
}

interface EffectProps {
  readonly action: DecisionAction;
  readonly effect: DecisionEffect | null;
  /** Links to the decision. */
  readonly decision?: string | null;
  /** Also says why it waits for approval or failed. */
  readonly detailed?: boolean;
}

/** What a policy asks for, and its effect in the registry. */
export function EffectView(props: EffectProps): ReactNode {
  const { effect, detailed = false } = props;
  const label = <ActionName {...props} />;
  if (effect === null) return label;
  return (
    <div>
      {label}
      <div>
        <EffectLink effect={effect}>
          <StatusBadge status={statuses[effect.state]} state={effect.state} />
        </EffectLink>
      </div>
      {detailed && effect.detail !== null && (
        <div className="dim small break">
          <PlainText>{effect.detail}</PlainText>
        </div>
      )}
    </div>
  );
}

function ActionName({ action, decision }: EffectProps): ReactNode {
  if (decision === undefined || decision === null) {
    return <span className={action === 'none' ? 'dim' : ''}>{actionLabels[action]}</span>;
  }
  return (
    <LinkAnchor to="/decisions/$id" params={{ id: decision }}>
      {actionLabels[action]}
    </LinkAnchor>
  );
}

/** To the quarantined image, or to where the action is approved. */
function EffectLink({
  effect: { item, state },
  children,
}: {
  readonly effect: DecisionEffect;
  readonly children: ReactNode;
}): ReactNode {
  if (item !== null) {
    return (
      <Link to="/quarantine/$id" params={{ id: item }} className="badge-link">
        {children}
      </Link>
    );
  }
  if (state === 'withdrawn') return children;
  return (
    <Link
      to="/quarantine"
      hash={state === 'proposed' ? 'approvals' : 'actions'}
      className="badge-link"
    >
      {children}
    </Link>
  );
}
