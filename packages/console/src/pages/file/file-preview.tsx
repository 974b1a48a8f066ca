import { Button } from '@mantine/core';
import { formatSize, limits, operations } from '@lazaret/protocol';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';

import { client } from '../../client.ts';
import { ContentView } from '../../components/content-view.tsx';
import { ProblemNotice } from '../../components/notice.tsx';
import { ListSkeleton } from '../../components/query-view.tsx';
import { readBase64 } from '../../text/hex-dump.ts';

export interface FilePreviewProps {
  readonly sha256: string;
  /** Digest of the image to read it from, and its project. */
  readonly image?: string | undefined;
  readonly project?: string | undefined;
}

/** The content of a file, in parts. */
export function FilePreview({ sha256, image, project }: FilePreviewProps): ReactNode {
  const [offset, setOffset] = useState(0);
  const from = {
    ...(image === undefined ? {} : { image }),
    ...(project === undefined ? {} : { project }),
  };
  const query = useQuery({
    queryKey: ['files.preview', sha256, offset],
    queryFn: ({ signal }) =>
      client.call(
        operations.files.preview,
        { params: { sha256 }, query: { ...from, offset } },
        { signal },
      ),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    retry: false,
  });
  if (query.error !== null) {
    return <ProblemNotice error={query.error} retry={() => void query.refetch()} />;
  }
  if (query.data === undefined) {
    return (
      <>
        <p className="dim small">
          Reading the file. A file of an image is read again from the source of the image.
        </p>
        <ListSkeleton rows={5} />
      </>
    );
  }
  const { sizeBytes } = query.data;
  const bytes = readBase64(query.data.bytes);
  const end = offset + bytes.length;
  return (
    <ContentView
      key={offset}
      bytes={bytes}
      offset={offset}
      isCut={end < sizeBytes}
      label="Content of the file"
    >
      <Pager offset={offset} end={end} sizeBytes={sizeBytes} onMove={setOffset} />
    </ContentView>
  );
}

interface PagerProps {
  readonly offset: number;
  readonly end: number;
  readonly sizeBytes: number;
  readonly onMove: (offset: number) => void;
}

function Pager({ offset, end, sizeBytes, onMove }: PagerProps): ReactNode {
  const step = limits.filePreviewBytes;
  if (sizeBytes <= step) return <span className="dim small">{formatSize(sizeBytes)}</span>;
  return (
    <div className="row tight small">
      <span className="dim number">
        {formatSize(offset)} to {formatSize(end)} of {formatSize(sizeBytes)}
      </span>
      <Button
        size="compact-xs"
        variant="default"
        disabled={offset === 0}
        onClick={() => onMove(Math.max(0, offset - step))}
      >
        Previous
      </Button>
      <Button
        size="compact-xs"
        variant="default"
        disabled={end >= sizeBytes}
        onClick={() => onMove(offset + step)}
      >
        Next
      </Button>
    </div>
  );
}
