import type { JobDetail } from '@lazaret/protocol';
import type { ReactNode } from 'react';

import { Copy } from '../../components/copy.tsx';
import { PlainText } from '../../components/plain-text.tsx';

/** The API response for the job. */
export function RawPanel({ job }: { readonly job: JobDetail }): ReactNode {
  const text = JSON.stringify(job, null, 2);
  return (
    <div className="panel-body">
      <div className="code-frame">
        <pre className="code wraps tall" tabIndex={0} aria-label="The job as JSON">
          {text.split('\n').map((line, index) => (
            <span key={index}>
              <PlainText>{line}</PlainText>
              {'\n'}
            </span>
          ))}
        </pre>
        <div className="code-copy">
          <Copy value={text} label="the JSON" />
        </div>
      </div>
    </div>
  );
}
