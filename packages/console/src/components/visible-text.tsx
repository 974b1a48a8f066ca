import { splitInvisible } from '@lazaret/protocol';
import type { ReactNode } from 'react';

/** Untrusted text: line ends and tabs are kept, other invisible characters are made visible. */
export function VisibleText({ text }: { readonly text: string }): ReactNode {
  const parts = splitInvisible(text.replaceAll('\r\n', '\n'), '\t\n');
  return parts.map((part, index) =>
    part.escaped ? (
      <span key={index} className="invisible-char">
        {part.text}
      </span>
    ) : (
      part.text
    ),
  );
}
