import type { ReactNode } from 'react';

import { splitVisible } from '../text/visible.ts';

/** Text that a sample or a stranger chose: text nodes only, nothing unseen stays unseen. */
export function PlainText({ children }: { readonly children: string }): ReactNode {
  const parts = splitVisible(children);
  if (parts.every((part) => !part.hidden)) return <bdi>{children}</bdi>;
  return (
    <bdi>
      {parts.map((part, index) =>
        part.hidden ? (
          <span key={index} className="unseen">
            {part.text}
          </span>
        ) : (
          part.text
        ),
      )}
    </bdi>
  );
}
