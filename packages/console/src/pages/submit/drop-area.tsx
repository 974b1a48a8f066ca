import { Dropzone } from '@mantine/dropzone';
import { formatSize } from '@lazaret/protocol';
import { notifications } from '@mantine/notifications';
import { IconPackageImport } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { visibleText } from '../../text/visible.ts';

interface DropAreaProps {
  readonly onFiles: (files: readonly File[]) => void;
  readonly maxBytes: number;
}

/** Where files are dropped or picked. */
export function DropArea({ onFiles, maxBytes }: DropAreaProps): ReactNode {
  return (
    <Dropzone
      className="dropzone"
      onDrop={onFiles}
      onReject={(refused) => {
        const names = refused.map(({ file }) => visibleText(file.name)).join(', ');
        const title = `Larger than this engine takes (${formatSize(maxBytes)})`;
        notifications.show({ title, message: names, color: 'red' });
      }}
      maxSize={maxBytes}
      multiple
      // The name of the file input, which is the way in for tests and for keyboards.
      inputProps={{ 'aria-label': 'Files' }}
      aria-label="Drop files here, or press Enter to pick them"
    >
      <div className="drop-invite">
        <IconPackageImport size={44} stroke={1.4} aria-hidden />
        <strong>Drop files here, or pick them</strong>
        <span className="dim small">Each up to {formatSize(maxBytes)}</span>
      </div>
    </Dropzone>
  );
}
