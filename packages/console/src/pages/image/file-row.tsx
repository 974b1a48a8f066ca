import { formatSize, type ImageFile, escapeInvisible } from '@lazaret/protocol';
import { IconArchive, IconArrowForward, IconFile, IconFolder, IconPlug } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { PlainText } from '../../components/plain-text.tsx';
import { LinkTarget, TreeRow } from '../../components/tree-row.tsx';

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
  const use = (): void => {
    onSelect();
    if (file.hasChildren) onToggle();
  };
  return (
    <TreeRow
      {...{ level, isOpen, isSelected, isReachable, onToggle }}
      isExpandable={file.hasChildren}
      onUse={use}
    >
      <FileIcon file={file} />
      <span className="tree-name" title={escapeInvisible(file.name)}>
        <PlainText>{file.name}</PlainText>
        {file.linkPath !== undefined && <LinkTarget path={file.linkPath} />}
      </span>
      {file.hiddenBy !== undefined && <span className="hidden-tag">hidden by {file.hiddenBy}</span>}
      {file.type === 'file' && (
        <span className="tree-size number dim">{formatSize(file.sizeBytes)}</span>
      )}
    </TreeRow>
  );
}

function FileIcon({ file: { type, path, hasChildren } }: { readonly file: ImageFile }): ReactNode {
  const iconProps = { size: 16, stroke: 1.7, 'aria-hidden': true } as const;
  if (path.endsWith('!') || (type === 'file' && hasChildren)) return <IconArchive {...iconProps} />;
  if (type === 'directory') return <IconFolder {...iconProps} />;
  if (type === 'symlink' || type === 'hardlink') return <IconArrowForward {...iconProps} />;
  return type === 'file' ? <IconFile {...iconProps} /> : <IconPlug {...iconProps} />;
}
