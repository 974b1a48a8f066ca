import type { ReactNode } from 'react';

import { Copy } from './copy.tsx';
import { LinkAnchor } from './router-link.tsx';

interface HashLinkProps {
  readonly sha256: string;
  /** Number of digits shown; all unless given. */
  readonly chars?: number;
  /** Without the button that copies it. */
  readonly plain?: boolean;
}

/** The SHA-256 of a content, linking to the page of the file. */
export function HashLink({ sha256, chars, plain }: HashLinkProps): ReactNode {
  const isCut = chars !== undefined && sha256.length > chars;
  return (
    <span className="copyable">
      <LinkAnchor
        to="/files/$sha256"
        params={{ sha256 }}
        className="mono"
        title={`${sha256}: all information about this file`}
      >
        {isCut ? `${sha256.slice(0, chars)}…` : sha256}
      </LinkAnchor>
      {plain !== true && <Copy value={sha256} label="the SHA-256" />}
    </span>
  );
}
