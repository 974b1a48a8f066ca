import { splitInvisible } from '@lazaret/protocol';
import type { ReactNode } from 'react';

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

function VisibleText({ text }: { readonly text: string }): ReactNode {
  const parts = text.split('\n').flatMap((line, index) => {
    const shown = splitInvisible(line.replace(/\r$/, ''), '\t');
    return index === 0 ? shown : [{ text: '\n', escaped: false }, ...shown];
  });
  if (parts.every((part) => !part.escaped)) return text.replaceAll('\r\n', '\n');
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
