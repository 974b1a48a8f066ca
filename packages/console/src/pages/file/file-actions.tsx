import { Button, Modal } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { escapeInvisible, operations } from '@lazaret/protocol';
import { IconDownload, IconEye, IconSend } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';

import { client } from '../../client.ts';
import { notifyFailure } from '../../data.ts';
import { useAllowed } from '../../session.ts';
import { FilePreview, type FilePreviewProps } from './file-preview.tsx';
import { memberName, SubmitDialog } from './submit-dialog.tsx';

interface FileActionsProps extends FilePreviewProps {
  /** File name for the actions. */
  readonly name?: string | undefined;
  /** Whether to show the preview action; a page may have the preview itself. */
  readonly withPreview?: boolean;
}

/** Preview, download and submission of a file, for users with permission to read its content. */
export function FileActions(props: FileActionsProps): ReactNode {
  const { withPreview, name, ...file } = props;
  const mayRead = useAllowed('files.read');
  const maySubmit = useAllowed('jobs.submit');
  const [previewing, preview] = useDisclosure(false);
  const [submitting, submission] = useDisclosure(false);
  if (!mayRead) return null;
  return (
    <div className="row tight file-actions">
      {withPreview === true && (
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconEye size={14} />}
          onClick={preview.open}
        >
          Preview
        </Button>
      )}
      <DownloadButton {...file} name={name} />
      {maySubmit && (
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconSend size={14} />}
          onClick={submission.open}
        >
          Submit to engines
        </Button>
      )}
      <Modal
        opened={previewing}
        onClose={preview.close}
        lockScroll={false}
        size="min(1000px, 96vw)"
        title={<span className="break mono">{escapeInvisible(name ?? file.sha256)}</span>}
      >
        <FilePreview {...file} />
      </Modal>
      <SubmitDialog file={{ ...file, name }} opened={submitting} onClose={submission.close} />
    </div>
  );
}

const zipPassword = 'infected';

/** A preview from here has no content, and is not one in the audit log. */
const rangeAfterEnd = Number.MAX_SAFE_INTEGER;

/**
 * First checks whether the source can provide the file, so that an error is shown instead of
 * downloaded.
 */
function DownloadButton({ sha256, image, project, name }: FileActionsProps): ReactNode {
  const [isBusy, setBusy] = useState(false);
  const from = {
    ...(image === undefined ? {} : { image }),
    ...(project === undefined ? {} : { project }),
  };
  const start = async (): Promise<void> => {
    setBusy(true);
    try {
      const call = { params: { sha256 }, query: { ...from, ...memberName(name) } };
      await client.call(operations.files.preview, {
        params: { sha256 },
        query: { ...from, length: 1, offset: rangeAfterEnd },
      });
      window.location.assign(client.url(operations.files.download, call));
      notifications.show({
        title: 'Encrypted ZIP archive',
        message: `The password is: ${zipPassword}`,
        color: 'sea',
        autoClose: 12_000,
      });
    } catch (error) {
      notifyFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button
      size="compact-sm"
      variant="default"
      leftSection={<IconDownload size={14} />}
      loading={isBusy}
      title={`An encrypted ZIP archive; the password is ${zipPassword}`}
      onClick={() => void start()}
    >
      Download (ZIP)
    </Button>
  );
}
