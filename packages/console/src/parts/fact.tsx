import type { ReactNode } from 'react';

interface FactProps {
  readonly term: string;
  readonly children: ReactNode;
  /** Takes the whole row. */
  readonly whole?: boolean;
}

/** A term and what it is, inside `<dl className="facts">`. */
export function Fact({ term, children, whole }: FactProps): ReactNode {
  return (
    <div className={whole === true ? 'whole' : ''}>
      <dt>{term}</dt>
      <dd className="number">{children}</dd>
    </div>
  );
}
