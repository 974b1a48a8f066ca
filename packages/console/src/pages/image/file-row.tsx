import { formatSize, type ImageFile, escapeInvisible } from '@lazaret/protocol';
import {
  IconArchive,
  IconArrowForward,
  IconChevronRight,
  IconFile,
  IconFolder,
  IconPlug,
} from '@tabler/icons-react';
import { type ReactNode, useEffect, useRef } from 'react';

import { PlainText } from '../../components/plain-text.tsx';
import { rowIndent } from '../../components/row-indent.ts';

interface FileRowProps {
  readonly file: ImageFile;
  readonly level: number;
  readonly isOpen: boolean;
  readonly isSelected: boolean;
  /** Reachable by Tab; other rows by the arrow keys. */
  readonly isReachable: boolean;
  readonly onToggle: () => void;
  readonly onSelect: () => void;
}

export function FileRow(props: FileRowProps): ReactNode {
  const { file, level, isOpen, isSelected, isReachable, onToggle, onSelect } = props;
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
  const use = (): void => {
    onSelect();
    if (file.hasChildren) onToggle();
  };
  return (
    <div
      ref={row}
      className="tree-row"
      role="treeitem"
      aria-level={level}
      aria-selected={isSelected}
      aria-expanded={file.hasChildren ? isOpen : undefined}
      tabIndex={isReachable ? 0 : -1}
      style={rowIndent(level)}
      onClick={use}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        use();
      }}
    >
      <IconChevronRight
        size={14}
        aria-hidden
        className={`chevron${isOpen ? ' open' : ''}${file.hasChildren ? '' : ' none'}`}
      />
      <FileIcon file={file} />
      <span className="tree-name" title={escapeInvisible(file.name)}>
        <PlainText>{file.name}</PlainText>
        {file.linkPath !== undefined && (
          <span className="dim">
            {' '}
            <span aria-hidden>→</span>
            <span className="visually-hidden">link to</span> <PlainText>{file.linkPath}</PlainText>
          </span>
        )}
      </span>
      {file.hiddenBy !== undefined && <span className="hidden-tag">hidden by {file.hiddenBy}</span>}
      {file.type === 'file' && (
        <span className="tree-size number dim">{formatSize(file.sizeBytes)}</span>
      )}
    </div>
  );
}

function FileIcon({ file: { type, path, hasChildren } }: { readonly file: ImageFile }): ReactNode {
  const iconProps = { size: 16, stroke: 1.7, 'aria-hidden': true } as const;
  if (path.endsWith('!') || (type === 'file' && hasChildren)) return <IconArchive {...iconProps} />;
  if (type === 'directory') return <IconFolder {...iconProps} />;
  if (type === 'symlink' || type === 'hardlink') return <IconArrowForward {...iconProps} />;
  return type === 'file' ? <IconFile {...iconProps} /> : <IconPlug {...iconProps} />;
}
