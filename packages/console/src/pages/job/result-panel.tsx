import { Button } from '@mantine/core';
import {
  formatSize,
  isFinal,
  type JobArtifact,
  type JobDetail,
  operations,
  escapeInvisible,
} from '@lazaret/protocol';
import { IconDownload, IconEye, IconFileOff } from '@tabler/icons-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';

import { client } from '../../client.ts';
import { HashLink } from '../../components/hash-link.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { ContentView } from '../../content/content-view.tsx';
import { jobArtifactSource } from '../../content/source.ts';

/** Result files with size and digest, preview and download. */
export function ResultPanel({ job }: { readonly job: JobDetail }): ReactNode {
  const primary = job.artifacts.find((artifact) => artifact.primary) ?? job.artifacts[0];
  const [chosen, setChosen] = useState<string>();
  const preview = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (chosen !== undefined) preview.current?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);
  const shown = job.artifacts.find(({ path }) => path === chosen) ?? primary;
  if (shown === undefined) {
    return (
      <EmptyState icon={IconFileOff} title={isFinal(job.state) ? 'No result' : 'No result yet'}>
        {isFinal(job.state)
          ? 'See the outcome above and the log.'
          : 'It is shown here when the engine has finished.'}
      </EmptyState>
    );
  }
  const columns: Column<JobArtifact>[] = [
    { label: 'File', cell: (artifact) => <FileName artifact={artifact} /> },
    { label: 'Size', end: true, cell: ({ sizeBytes }) => <Size bytes={sizeBytes} /> },
    {
      label: 'SHA-256',
      cell: ({ sha256 }) => <HashLink sha256={sha256} chars={16} />,
    },
    {
      label: 'Actions',
      quiet: true,
      end: true,
      cell: (artifact) => (
        <FileActions
          job={job}
          artifact={artifact}
          isShown={artifact.path === shown.path}
          onShow={() => setChosen(artifact.path)}
        />
      ),
    },
  ];
  return (
    <div className="result">
      <div className="panel-body" ref={preview}>
        <ContentView key={shown.path} source={jobArtifactSource(job.id, shown)} />
      </div>
      <DataTable
        label="Files of the result"
        columns={columns}
        rows={job.artifacts}
        rowKey={({ path, attempt }) => `${attempt} ${path}`}
      />
    </div>
  );
}

function FileName({ artifact }: { readonly artifact: JobArtifact }): ReactNode {
  return (
    <div className="row tight">
      <span className="mono cell-name" title={escapeInvisible(artifact.path)}>
        <PlainText>{artifact.path}</PlainText>
      </span>
      {artifact.primary && <span className="tag">result</span>}
    </div>
  );
}

function Size({ bytes }: { readonly bytes: number }): ReactNode {
  return <span className="number nowrap">{formatSize(bytes)}</span>;
}

interface FileActionsProps {
  readonly job: JobDetail;
  readonly artifact: JobArtifact;
  readonly isShown: boolean;
  readonly onShow: () => void;
}

function FileActions({ job, artifact, isShown, onShow }: FileActionsProps): ReactNode {
  const name = escapeInvisible(artifact.path);
  const query = { path: artifact.path };
  return (
    <div className="row tight nowrap">
      <Button
        size="compact-sm"
        variant="subtle"
        leftSection={<IconEye size={14} />}
        onClick={onShow}
        aria-pressed={isShown}
        aria-label={`Preview ${name}`}
      >
        Preview
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        component="a"
        download
        leftSection={<IconDownload size={14} />}
        href={client.url(operations.jobs.result, { params: { id: job.id }, query })}
        aria-label={`Download ${name}`}
      >
        Download
      </Button>
    </div>
  );
}
