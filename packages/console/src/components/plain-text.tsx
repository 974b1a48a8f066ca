import type { ReactNode } from 'react';

import { splitVisible } from '../text/visible.ts';

/** Untrusted text: rendered as text nodes only, with invisible characters made visible. */
export function PlainText({ children }: { readonly children: string }): ReactNode {
  const parts = splitVisible(children);
  if (parts.every((part) => !part.hidden)) return <bdi>{children}</bdi>;
  return (
    <bdi>
      {parts.map((part, index) =>
        part.hidden ? (
          <span key={index} className="invisible-char">
            {part.text}
          </span>
        ) : (
          part.text
        ),
      )}
    </bdi>
  );
}
