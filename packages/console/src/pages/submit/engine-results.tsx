import { IconAlertTriangle, IconArrowRight, IconCircleCheck } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { PlainText } from '../../components/plain-text.tsx';
import { LinkButton } from '../../components/router-link.tsx';
import { describeFailure } from '../../failure.ts';

/** The result of submitting a file to an engine. */
export interface EngineResult {
  readonly engine: string;
  readonly jobId?: string;
  readonly error?: unknown;
}

/** The job that each engine got, or why it got none. */
export function EngineResults({
  results,
}: {
  readonly results: readonly EngineResult[];
}): ReactNode {
  if (results.length === 0) return null;
  return (
    <ul className="wide engine-results">
      {results.map((result) => (
        <EngineResultRow key={result.engine} result={result} />
      ))}
    </ul>
  );
}

function EngineResultRow({ result }: { readonly result: EngineResult }): ReactNode {
  const { engine, jobId, error } = result;
  if (jobId === undefined) {
    const { title, detail, fields } = describeFailure(error);
    const [field] = fields;
    const reason =
      detail === '' && field !== undefined ? `${field.path}: ${field.message}` : detail;
    return (
      <li className="row tight">
        <IconAlertTriangle size={16} className="problem-line" aria-hidden />
        <strong>{engine}</strong>
        <span className="problem-line break">
          {title}: <PlainText>{reason}</PlainText>
        </span>
      </li>
    );
  }
  return (
    <li className="row tight">
      <IconCircleCheck size={16} className="success-line" aria-hidden />
      <strong>{engine}</strong>
      <LinkButton
        to="/jobs/$id"
        params={{ id: jobId }}
        size="compact-xs"
        variant="subtle"
        rightSection={<IconArrowRight size={14} />}
      >
        Open job
      </LinkButton>
    </li>
  );
}
