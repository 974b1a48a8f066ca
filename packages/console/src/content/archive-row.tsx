import {
  type ArchiveItem,
  type ArchiveMemberWarning,
  escapeInvisible,
  formatSize,
  plural,
} from '@lazaret/protocol';
import { IconArrowForward, IconFile, IconFolder, IconPlug } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { PlainText } from '../components/plain-text.tsx';
import { LinkTarget, TreeRow } from '../components/tree-row.tsx';

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
  const isDirectory = item.type === 'directory';
  return (
    <TreeRow
      {...{ level, isOpen, isSelected, isReachable, onUse }}
      isExpandable={isDirectory}
      onToggle={onUse}
    >
      <TypeIcon type={item.type} />
      <span className="tree-name" title={escapeInvisible(item.path)}>
        <PlainText>{item.name === '' ? '(no name)' : item.name}</PlainText>
        {item.linkTarget !== null && <LinkTarget path={item.linkTarget} />}
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
    </TreeRow>
  );
}

function TypeIcon({ type }: Pick<ArchiveItem, 'type'>): ReactNode {
  const iconProps = { size: 16, stroke: 1.7, 'aria-hidden': true } as const;
  if (type === 'directory') return <IconFolder {...iconProps} />;
  if (type === 'symlink' || type === 'hardlink') return <IconArrowForward {...iconProps} />;
  return type === 'file' ? <IconFile {...iconProps} /> : <IconPlug {...iconProps} />;
}
