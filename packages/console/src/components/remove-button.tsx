import type { ReactNode } from 'react';

import { ConfirmButton } from './confirm-button.tsx';

interface RemoveButtonProps {
  /** Of what is removed. */
  readonly name: string;
  readonly busy: boolean;
  /** What else is lost, or what stays. */
  readonly children: ReactNode;
  readonly onConfirm: () => void;
}

/** Removes the entry of a row of a table, after a confirmation. */
export function RemoveButton({ name, busy, children, onConfirm }: RemoveButtonProps): ReactNode {
  return (
    <ConfirmButton
      label="Remove"
      question={`Remove ${name}?`}
      button={{ size: 'compact-sm' }}
      busy={busy}
      onConfirm={onConfirm}
    >
      {children}
    </ConfirmButton>
  );
}
