import { Button, Progress } from '@mantine/core';
import { Dropzone } from '@mantine/dropzone';
import { formatSize, type Inspection, limits, operations } from '@lazaret/protocol';
import { IconFileZip } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useRef, useState } from 'react';

import { client } from '../../client.ts';
import { Notice, ProblemNotice } from '../../components/notice.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { uploadTo } from '../submit/upload.ts';

interface Uploading {
  readonly file: File;
  readonly loadedBytes: number;
}

interface ArchiveUploadProps {
  readonly project: string | undefined;
}

/** Uploads an archive of images and follows its inspection. */
export function ArchiveUpload({ project }: ArchiveUploadProps): ReactNode {
  const navigate = useNavigate();
  const [uploading, setUploading] = useState<Uploading>();
  const [error, setError] = useState<unknown>();
  const [refused, setRefused] = useState<string>();
  const cancel = useRef<AbortController>(undefined);
  const upload = async (file: File): Promise<void> => {
    setError(undefined);
    setRefused(undefined);
    const controller = new AbortController();
    cancel.current = controller;
    setUploading({ file, loadedBytes: 0 });
    try {
      const query = { name: file.name, ...(project === undefined ? {} : { project }) };
      const { id } = await uploadTo<Inspection>(
        client.url(operations.inspections.upload, { query }),
        {
          ...{ file, signal: controller.signal },
          onProgress: (loadedBytes) => setUploading({ file, loadedBytes }),
        },
      );
      await navigate({ to: '/inspections/$id', params: { id } });
    } catch (failure) {
      if (!controller.signal.aborted) setError(failure);
    } finally {
      setUploading(undefined);
    }
  };
  return (
    <div className="stack">
      {error !== undefined && <ProblemNotice error={error} />}
      {refused !== undefined && (
        <Notice tone="failed" title={`File too large (limit ${formatSize(maxBytes)})`}>
          <p>
            <PlainText>{refused}</PlainText>
          </p>
        </Notice>
      )}
      {uploading === undefined ? (
        <ArchiveDrop onFile={(file) => void upload(file)} onRefused={setRefused} />
      ) : (
        <UploadProgress uploading={uploading} onCancel={() => cancel.current?.abort()} />
      )}
    </div>
  );
}

const maxBytes = limits.imageArchiveBytes;

interface ArchiveDropProps {
  readonly onFile: (file: File) => void;
  readonly onRefused: (name: string) => void;
}

function ArchiveDrop({ onFile, onRefused }: ArchiveDropProps): ReactNode {
  return (
    <Dropzone
      className="dropzone"
      multiple={false}
      maxSize={maxBytes}
      onDrop={([file]) => {
        if (file !== undefined) onFile(file);
      }}
      onReject={(rejections) => onRefused(rejections.map(({ file }) => file.name).join(', '))}
      // Name of the file input, for keyboards and tests.
      inputProps={{ 'aria-label': 'Archive' }}
      aria-label="Drop an archive here, or press Enter to browse"
    >
      <div className="drop-hint">
        <IconFileZip size={40} stroke={1.4} aria-hidden />
        <strong>Drop an archive here, or click to browse</strong>
        <span className="dim small">
          The output of <code>docker save</code> or an OCI layout as tar, plain, gzip or zstd, up to{' '}
          {formatSize(maxBytes)}. Every image in it is inspected.
        </span>
      </div>
    </Dropzone>
  );
}

interface UploadProgressProps {
  readonly uploading: Uploading;
  readonly onCancel: () => void;
}

function UploadProgress({ uploading, onCancel }: UploadProgressProps): ReactNode {
  const { file, loadedBytes } = uploading;
  const percent = file.size === 0 ? 100 : Math.floor((loadedBytes / file.size) * 100);
  const isSent = loadedBytes >= file.size;
  return (
    <div className="stack tight" role="status">
      <div className="row between">
        <strong className="break">
          <PlainText>{file.name}</PlainText>
        </strong>
        <Button size="compact-sm" variant="default" onClick={onCancel}>
          Cancel
        </Button>
      </div>
      <Progress value={percent} aria-label="Uploaded" animated={isSent} />
      <div className="small dim number">
        {isSent
          ? 'Uploaded; being stored'
          : `${formatSize(loadedBytes)} of ${formatSize(file.size)}, ${percent} %`}
      </div>
    </div>
  );
}
