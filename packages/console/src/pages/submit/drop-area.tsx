import { Dropzone } from '@mantine/dropzone';
import { formatSize, escapeInvisible } from '@lazaret/protocol';
import { notifications } from '@mantine/notifications';
import { IconPackageImport } from '@tabler/icons-react';
import type { ReactNode } from 'react';

interface DropAreaProps {
  readonly onFiles: (files: readonly File[]) => void;
  readonly maxBytes: number;
}

/** Area to drop or select files. */
export function DropArea({ onFiles, maxBytes }: DropAreaProps): ReactNode {
  return (
    <Dropzone
      className="dropzone"
      onDrop={onFiles}
      onReject={(refused) => {
        const names = refused.map(({ file }) => escapeInvisible(file.name)).join(', ');
        const title = `File too large (limit ${formatSize(maxBytes)})`;
        notifications.show({ title, message: names, color: 'red' });
      }}
      maxSize={maxBytes}
      multiple
      // Name of the file input, for keyboards and tests.
      inputProps={{ 'aria-label': 'Files' }}
      aria-label="Drop files here, or press Enter to browse"
    >
      <div className="drop-hint">
        <IconPackageImport size={44} stroke={1.4} aria-hidden />
        <strong>Drop files here, or click to browse</strong>
        <span className="dim small">Up to {formatSize(maxBytes)} per file</span>
      </div>
    </Dropzone>
  );
}
