import { ActionIcon, Progress } from '@mantine/core';
import { formatSize, escapeInvisible } from '@lazaret/protocol';
import { IconX } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { ProblemNotice } from '../../components/notice.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { EngineResults } from './engine-results.tsx';
import type { UploadItem } from './use-submission.ts';

const phaseLabels = {
  ready: 'Ready',
  uploading: 'Uploading',
  submitting: 'Submitting',
  done: 'Submitted',
  failed: 'Failed',
  cancelled: 'Cancelled',
} as const;

interface UploadRowProps {
  readonly item: UploadItem;
  readonly onRemove: () => void;
}

export function UploadRow({ item, onRemove }: UploadRowProps): ReactNode {
  const { file, phase, loadedBytes } = item;
  const name = escapeInvisible(file.name);
  const percent = file.size === 0 ? 100 : Math.min(100, (loadedBytes / file.size) * 100);
  const isMoving = phase === 'uploading' || phase === 'submitting';
  return (
    <li className="upload" data-phase={phase}>
      <div className="upload-name" title={name}>
        <PlainText>{file.name}</PlainText>
        <div className="dim small number">
          {formatSize(file.size)} · {phaseLabels[phase]}
          {phase === 'uploading' && ` ${Math.floor(percent)} %`}
        </div>
      </div>
      {phase !== 'done' && (
        <ActionIcon
          variant="subtle"
          color="gray"
          onClick={onRemove}
          disabled={phase === 'submitting'}
          aria-label={isMoving ? `Cancel the upload of ${name}` : `Remove ${name}`}
        >
          <IconX size={16} />
        </ActionIcon>
      )}
      {isMoving && (
        <Progress
          className="wide"
          size="sm"
          value={percent}
          animated={phase === 'submitting'}
          aria-label={`Upload of ${name}`}
        />
      )}
      {phase === 'failed' && item.error !== undefined && (
        <div className="wide">
          <ProblemNotice error={item.error} />
        </div>
      )}
      <EngineResults results={item.results} />
    </li>
  );
}
