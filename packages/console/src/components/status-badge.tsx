import type { Icon } from '@tabler/icons-react';
import type { ReactNode } from 'react';

/** How a state is displayed: never by colour alone. */
export interface Status {
  readonly label: string;
  readonly tone: string;
  readonly icon: Icon;
}

interface StatusBadgeProps {
  readonly status: Status;
  readonly large?: boolean | undefined;
  /** Machine-readable state, for tests and scripts. */
  readonly state?: string;
}

/** A state as colour, icon and label. */
export function StatusBadge({ status, large, state }: StatusBadgeProps): ReactNode {
  const { label, tone, icon: StatusIcon } = status;
  return (
    <span className={`state tone-${tone}${large === true ? ' large' : ''}`} data-state={state}>
      <StatusIcon size={large === true ? 18 : 14} stroke={2.2} aria-hidden />
      {label}
    </span>
  );
}
