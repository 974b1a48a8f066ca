import {
  type ArchiveItem,
  type ArchiveMemberWarning,
  escapeInvisible,
  formatSize,
  plural,
} from '@lazaret/protocol';
import {
  IconArrowForward,
  IconChevronRight,
  IconFile,
  IconFolder,
  IconPlug,
} from '@tabler/icons-react';
import { type ReactNode, useEffect, useRef } from 'react';

import { PlainText } from '../components/plain-text.tsx';
import { rowIndent } from '../components/row-indent.ts';

const warningLabels: Readonly<Record<ArchiveMemberWarning, string>> = {
  absolute_path: 'absolute path',
  parent_path: 'path contains ..',
  duplicate_path: 'duplicate path',
  overlapping_data: 'shares data with others',
  not_in_directory: 'not in the directory',
  encrypted: 'encrypted',
};

interface ArchiveRowProps {
  readonly item: ArchiveItem;
  readonly level: number;
  readonly isOpen: boolean;
  readonly isSelected: boolean;
  readonly isReachable: boolean;
  readonly onUse: () => void;
}

/** A directory or member of an archive. */
export function ArchiveRow(props: ArchiveRowProps): ReactNode {
  const { item, level, isOpen, isSelected, isReachable, onUse } = props;
  const row = useRef<HTMLDivElement>(null);
  const toggle = useRef(onUse);
  useEffect(() => {
    toggle.current = onUse;
  });
  useEffect(() => {
    const element = row.current;
    const listen = (): void => toggle.current();
    element?.addEventListener('lz-toggle', listen);
    return () => element?.removeEventListener('lz-toggle', listen);
  }, []);
  const isDirectory = item.type === 'directory';
  const name = item.name === '' ? '(no name)' : item.name;
  return (
    <div
      ref={row}
      className="tree-row"
      role="treeitem"
      aria-level={level}
      aria-selected={isSelected}
      aria-expanded={isDirectory ? isOpen : undefined}
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
        className={`chevron${isOpen ? ' open' : ''}${isDirectory ? '' : ' none'}`}
      />
      <TypeIcon type={item.type} />
      <span className="tree-name" title={escapeInvisible(item.path)}>
        <PlainText>{name}</PlainText>
        {item.linkTarget !== null && (
          <span className="dim">
            {' → '}
            <PlainText>{item.linkTarget}</PlainText>
          </span>
        )}
      </span>
      {item.warnings.map((warning) => (
        <span key={warning} className="hidden-tag">
          {warningLabels[warning]}
        </span>
      ))}
      <span className="tree-size number dim">
        {isDirectory && item.files !== null && `${plural(item.files, 'file')}, `}
        {item.sizeBytes === null ? '' : formatSize(item.sizeBytes)}
      </span>
    </div>
  );
}

function TypeIcon({ type }: Pick<ArchiveItem, 'type'>): ReactNode {
  const iconProps = { size: 16, stroke: 1.7, 'aria-hidden': true } as const;
  if (type === 'directory') return <IconFolder {...iconProps} />;
  if (type === 'symlink' || type === 'hardlink') return <IconArrowForward {...iconProps} />;
  return type === 'file' ? <IconFile {...iconProps} /> : <IconPlug {...iconProps} />;
}
