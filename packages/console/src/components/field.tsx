import type { ReactNode } from 'react';

interface FieldProps {
  readonly label: string;
  readonly children: ReactNode;
  /** Spans the full width. */
  readonly whole?: boolean;
}

/** A label and what it is, inside `<dl className="fields">`. */
export function Field({ label, children, whole }: FieldProps): ReactNode {
  return (
    <div className={whole === true ? 'whole' : ''}>
      <dt>{label}</dt>
      <dd className="number">{children}</dd>
    </div>
  );
}
