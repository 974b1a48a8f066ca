import { formatSize, type JobArtifact, escapeInvisible, splitInvisible } from '@lazaret/protocol';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useRef } from 'react';

import { PlainText } from '../../components/plain-text.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { readPreview } from './preview.ts';

interface PreviewPanelProps {
  readonly jobId: string;
  readonly artifact: JobArtifact;
  /** The user selected this file: it is scrolled into view. */
  readonly isChosen: boolean;
}

const kindLabels = { text: 'Text', json: 'JSON', binary: 'Binary' } as const;

/** Preview of a result file, always as text. */
export function PreviewPanel({ jobId, artifact, isChosen }: PreviewPanelProps): ReactNode {
  const panel = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isChosen) panel.current?.scrollIntoView({ block: 'nearest' });
  }, [isChosen]);
  const query = useQuery({
    queryKey: ['preview', jobId, artifact.path, artifact.sha256],
    queryFn: ({ signal }) => readPreview(jobId, artifact.path, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <div className="panel-body" ref={panel}>
      <QueryView query={query} rows={5}>
        {(preview) => (
          <div className="stack tight">
            <div className="row between small">
              <strong className="break">
                <PlainText>{artifact.path}</PlainText>
              </strong>
              <span className="dim">
                {kindLabels[preview.kind]}
                {preview.isTruncated && `, first ${formatSize(preview.shownBytes)}`}
              </span>
            </div>
            <pre
              className={preview.kind === 'binary' ? 'code tall' : 'code wraps tall'}
              tabIndex={0}
              aria-label={`Preview of ${escapeInvisible(artifact.path)}`}
            >
              <PreviewText text={preview.text} />
            </pre>
          </div>
        )}
      </QueryView>
    </div>
  );
}

/** Line ends are kept; other invisible characters are made visible. */
function PreviewText({ text }: { readonly text: string }): ReactNode {
  const parts = text.split('\n').flatMap((line, index) => {
    const shown = splitInvisible(line.replace(/\r$/, ''), '\t');
    return index === 0 ? shown : [{ text: '\n', escaped: false }, ...shown];
  });
  if (parts.every((part) => !part.escaped)) return text.replaceAll('\r\n', '\n');
  return parts.map((part, index) =>
    part.escaped ? (
      <span key={index} className="invisible-char">
        {part.text}
      </span>
    ) : (
      part.text
    ),
  );
}
