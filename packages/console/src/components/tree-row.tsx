import { IconChevronRight } from '@tabler/icons-react';
import { type ReactNode, useEffect, useRef } from 'react';

import { PlainText } from './plain-text.tsx';
import { rowIndent } from './row-indent.ts';

interface TreeRowProps {
  /** 1 for the rows of the root. */
  readonly level: number;
  readonly isExpandable: boolean;
  readonly isOpen: boolean;
  readonly isSelected: boolean;
  /** Reachable by Tab; other rows by the arrow keys. */
  readonly isReachable: boolean;
  /** By click, Enter or space. */
  readonly onUse: () => void;
  /** By the arrow keys, which open and close without selecting. */
  readonly onToggle: () => void;
  readonly children: ReactNode;
}

/** One row of a tree of files: indent, chevron, keyboard; its content is provided by the caller. */
export function TreeRow(props: TreeRowProps): ReactNode {
  const { level, isExpandable, isOpen, isSelected, isReachable, onUse, onToggle } = props;
  const row = useRef<HTMLDivElement>(null);
  const toggle = useRef(onToggle);
  useEffect(() => {
    toggle.current = onToggle;
  });
  useEffect(() => {
    const element = row.current;
    const listen = (): void => toggle.current();
    element?.addEventListener('lz-toggle', listen);
    return () => element?.removeEventListener('lz-toggle', listen);
  }, []);
  useEffect(() => {
    if (isSelected) row.current?.scrollIntoView({ block: 'nearest' });
  }, [isSelected]);
  return (
    <div
      ref={row}
      className="tree-row"
      role="treeitem"
      aria-level={level}
      aria-selected={isSelected}
      aria-expanded={isExpandable ? isOpen : undefined}
      tabIndex={isReachable ? 0 : -1}
      style={rowIndent(level)}
      onClick={onUse}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        onUse();
      }}
    >
      <IconChevronRight
        size={14}
        aria-hidden
        className={`chevron${isOpen ? ' open' : ''}${isExpandable ? '' : ' none'}`}
      />
      {props.children}
    </div>
  );
}

/** The target of a link, after its name. */
export function LinkTarget({ path }: { readonly path: string }): ReactNode {
  return (
    <span className="dim">
      {' '}
      <span aria-hidden>→</span>
      <span className="visually-hidden">link to</span> <PlainText>{path}</PlainText>
    </span>
  );
}
