import { Button } from '@mantine/core';
import { formatSize, operations } from '@lazaret/protocol';
import { IconDownload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { client } from '../../client.ts';
import { LineView } from '../../parts/line-view.tsx';
import { QueryView } from '../../parts/query-view.tsx';
import { previewBytes, readReport } from './report-preview.ts';
import { useImageAddress } from './use-image-search.ts';

/** The report as it is stored; of a long one the beginning. */
export function RawPanel(): ReactNode {
  const { digest, inProject } = useImageAddress();
  const query = useQuery({
    queryKey: ['images.report', digest, inProject],
    queryFn: ({ signal }) => readReport(digest, inProject, signal),
    staleTime: 60_000,
    gcTime: 0,
  });
  const call = { params: { digest }, query: { ...inProject, format: 'json' as const } };
  return (
    <div className="panel-body stack tight">
      <QueryView query={query} rows={10}>
        {({ lines, isCut }) => (
          <>
            <div className="row between">
              <span className="dim small">
                {isCut
                  ? `The first ${formatSize(previewBytes)} of the report. All of it is in the download.`
                  : `The whole report, ${lines.length.toLocaleString('en')} lines.`}
              </span>
              <Button
                component="a"
                size="xs"
                variant="default"
                download
                href={client.url(operations.images.report, call)}
                leftSection={<IconDownload size={14} />}
              >
                Download JSON
              </Button>
            </div>
            <LineView lines={lines} label="The report as JSON" />
          </>
        )}
      </QueryView>
    </div>
  );
}
