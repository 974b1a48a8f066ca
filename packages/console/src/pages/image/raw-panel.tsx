import { Button } from '@mantine/core';
import { formatSize, operations, plural } from '@lazaret/protocol';
import { IconDownload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { client } from '../../client.ts';
import { LineView } from '../../components/line-view.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { previewBytes, readReport } from './report-preview.ts';
import { useImagePage } from './use-image-page.ts';

/** The stored report, truncated if it is long. */
export function RawPanel(): ReactNode {
  const { digest, inProject } = useImagePage();
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
        {({ lines, isTruncated }) => (
          <>
            <div className="row between">
              <span className="dim small">
                {isTruncated
                  ? `First ${formatSize(previewBytes)} of the report. Download it for the rest.`
                  : `Full report, ${plural(lines.length, 'line')}.`}
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
