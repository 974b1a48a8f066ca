import { splitInvisible } from '@lazaret/protocol';
import type { ReactNode } from 'react';

/** Untrusted text: rendered as text nodes only, with invisible characters made visible. */
export function PlainText({ children }: { readonly children: string }): ReactNode {
  const parts = splitInvisible(children, '\t');
  if (parts.every((part) => !part.escaped)) return <bdi>{children}</bdi>;
  return (
    <bdi>
      {parts.map((part, index) =>
        part.escaped ? (
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
