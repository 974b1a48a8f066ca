import type { ReactNode } from 'react';

import { PlainText } from './plain-text.tsx';

/** Text with `code` between backticks. */
export function CodeText({ children }: { readonly children: string }): ReactNode {
  return children
    .split('`')
    .map((part, index) =>
      index % 2 === 1 ? (
        <code key={index}>{part}</code>
      ) : (
        part !== '' && <PlainText key={index}>{part}</PlainText>
      ),
    );
}
