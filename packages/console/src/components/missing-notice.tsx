import type { OperationOutput, operations } from '@lazaret/protocol';
import type { ReactNode } from 'react';

import { CodeText } from './code-text.tsx';
import { Notice } from './notice.tsx';

type MissingPart = OperationOutput<typeof operations.system.show>['missing'][number];

/** The part that is optional: without it images are listed, but never clean. */
const malwareScanner = 'malware scanner';

/** A part of the installation that is not available, and how to set it up. */
export function MissingNotice({ missing }: { readonly missing: MissingPart }): ReactNode {
  const { part, detail, advice } = missing;
  const isOptional = part === malwareScanner;
  return (
    <Notice
      tone={isOptional ? 'moving' : 'warning'}
      title={isOptional ? 'No malware scanner configured' : `Missing: ${part}`}
    >
      <p>
        <CodeText>{detail}</CodeText>
      </p>
      <p>
        <CodeText>{advice}</CodeText>
      </p>
    </Notice>
  );
}
