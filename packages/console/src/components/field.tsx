import type { ReactNode } from 'react';

interface FieldProps {
  readonly label: string;
  readonly children: ReactNode;
  /** Spans the full width. */
  readonly wide?: boolean;
}

/** A label and its value, inside `<dl className="fields">`. */
export function Field({ label, children, wide }: FieldProps): ReactNode {
  return (
    <div className={wide === true ? 'wide' : ''}>
      <dt>{label}</dt>
      <dd className="number">{children}</dd>
    </div>
  );
}
