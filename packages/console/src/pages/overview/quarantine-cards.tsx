import type { Overview } from '@lazaret/protocol';
import { IconLock, IconUserQuestion } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

interface QuarantineCardsProps {
  readonly quarantine: NonNullable<Overview['quarantine']>;
}

/** How many images are in quarantine, and how many actions wait for a person. */
export function QuarantineCards({ quarantine }: QuarantineCardsProps): ReactNode {
  const { proposed, quarantined } = quarantine;
  return (
    <div className="pair-cards stat-cards">
      <Link
        to="/quarantine"
        hash="approvals"
        className={`panel stat-card tone-${proposed === 0 ? 'queued' : 'warning'} still`}
      >
        <span className="label">
          <IconUserQuestion size={16} stroke={2} aria-hidden /> Actions that need approval
        </span>
        <span className="value">{proposed.toLocaleString('en')}</span>
      </Link>
      <Link
        to="/quarantine"
        search={{ state: 'preparing,quarantined,blocked' }}
        className="panel stat-card tone-queued still"
      >
        <span className="label">
          <IconLock size={16} stroke={2} aria-hidden /> Images in quarantine
        </span>
        <span className="value">{quarantined.toLocaleString('en')}</span>
      </Link>
    </div>
  );
}
