import type { Icon } from '@tabler/icons-react';
import type { ReactNode } from 'react';

interface EmptyStateProps {
  readonly icon: Icon;
  readonly title: string;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
  readonly small?: boolean;
}

/** Placeholder for an empty list, with the next step. */
export function EmptyState({
  icon: Icon,
  title,
  children,
  action,
  small,
}: EmptyStateProps): ReactNode {
  return (
    <div className={small === true ? 'empty small-empty' : 'empty'}>
      <Icon size={small === true ? 28 : 40} stroke={1.4} aria-hidden />
      <strong>{title}</strong>
      {children !== undefined && <p>{children}</p>}
      {action !== undefined && <div className="row">{action}</div>}
    </div>
  );
}
