import type { ReactNode } from 'react';

import { VisibleText } from '../components/visible-text.tsx';

interface TextViewProps {
  readonly text: string;
  readonly label: string;
}

/** Untrusted text: line ends are kept, other invisible characters are made visible. */
export function TextView({ text, label }: TextViewProps): ReactNode {
  return (
    <pre className="code wraps tall" tabIndex={0} aria-label={label}>
      <VisibleText text={text} />
    </pre>
  );
}
