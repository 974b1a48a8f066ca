import { type ImageDetail, malwareScanners, operations } from '@lazaret/protocol';
import type { ReactNode } from 'react';

import { Notice } from '../../components/notice.tsx';
import { useOperation } from '../../data.ts';

/** Shown if no malware scanner was used for the image, with the next step. */
export function ScanNotice({ image }: { readonly image: ImageDetail }): ReactNode {
  const isScanned = image.coverage.scanners.some(({ scanner }) => malwareScanners.has(scanner));
  const overview = useOperation(operations.inspections.scanners, {}, { enabled: !isScanned });
  if (isScanned) return null;
  return (
    <Notice tone="moving" title="Not scanned for malware">
      {overview.data?.findsMalware === true ? (
        <p>
          No malware scanner was configured when this image was inspected. One is configured now:
          inspect the image again.
        </p>
      ) : (
        <p>
          No malware scanner is configured. Run <code>lazaret setup scanners</code> on the server,
          then inspect the image again.
        </p>
      )}
    </Notice>
  );
}
