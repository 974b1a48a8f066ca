import { IconDots } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { PlainText } from './plain-text.tsx';
import { rowIndent } from './row-indent.ts';

interface MoreRowProps {
  /** 1 for the rows of the root. */
  readonly level: number;
  /** What has more: the path of a directory, with '' for the root. */
  readonly directory: string;
  readonly onUse: () => void;
}

/** The last row of a directory in a tree of files whose children are loaded page by page. */
export function MoreRow({ level, directory, onUse }: MoreRowProps): ReactNode {
  return (
    <button
      type="button"
      className="tree-row more-row"
      role="treeitem"
      aria-level={level}
      aria-selected={false}
      tabIndex={-1}
      style={rowIndent(level)}
      onClick={onUse}
    >
      <IconDots size={16} aria-hidden />
      <span>
        Show more
        {directory !== '' && (
          <>
            {' of '}
            <PlainText>{directory}</PlainText>
          </>
        )}
      </span>
    </button>
  );
}
