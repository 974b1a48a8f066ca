import { formatSize, type JobArtifact } from '@lazaret/protocol';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useRef } from 'react';

import { PlainText } from '../../parts/plain-text.tsx';
import { QueryView } from '../../parts/query-view.tsx';
import { splitVisible, visibleText } from '../../text/visible.ts';
import { readPreview } from './preview.ts';

interface PreviewPanelProps {
  readonly jobId: string;
  readonly artifact: JobArtifact;
  /** The reader asked for this very file: it is brought into sight. */
  readonly isChosen: boolean;
}

const kindWords = { text: 'Text', json: 'JSON', binary: 'Not text' } as const;

/** A file of the result as text, whatever it claims to be. */
export function PreviewPanel({ jobId, artifact, isChosen }: PreviewPanelProps): ReactNode {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isChosen) place.current?.scrollIntoView({ block: 'nearest' });
  }, [isChosen]);
  const query = useQuery({
    queryKey: ['preview', jobId, artifact.path, artifact.sha256],
    queryFn: ({ signal }) => readPreview(jobId, artifact.path, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <div className="panel-body" ref={place}>
      <QueryView query={query} rows={5}>
        {(preview) => (
          <div className="stack tight">
            <div className="row between small">
              <strong className="break">
                <PlainText>{artifact.path}</PlainText>
              </strong>
              <span className="dim">
                {kindWords[preview.kind]}
                {preview.isCut && `, the first ${formatSize(preview.shownBytes)}`}
              </span>
            </div>
            <pre
              className={preview.kind === 'binary' ? 'code tall' : 'code wraps tall'}
              tabIndex={0}
              aria-label={`Preview of ${visibleText(artifact.path)}`}
            >
              <PreviewText text={preview.text} />
            </pre>
          </div>
        )}
      </QueryView>
    </div>
  );
}

/** Line ends stay line ends; everything else that cannot be seen is marked. */
function PreviewText({ text }: { readonly text: string }): ReactNode {
  const parts = text.split('\n').flatMap((line, index) => {
    const shown = splitVisible(line.replace(/\r$/, ''));
    return index === 0 ? shown : [{ text: '\n', hidden: false }, ...shown];
  });
  if (parts.every((part) => !part.hidden)) return text.replaceAll('\r\n', '\n');
  return parts.map((part, index) =>
    part.hidden ? (
      <span key={index} className="unseen">
        {part.text}
      </span>
    ) : (
      part.text
    ),
  );
}
