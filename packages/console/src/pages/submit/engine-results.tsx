import { IconAlertTriangle, IconArrowRight } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { PlainText } from '../../components/plain-text.tsx';
import { LinkButton } from '../../components/router-link.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { describeFailure } from '../../failure.ts';
import { useJob } from '../job/use-job.ts';

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
      <strong>{engine}</strong>
      <JobState id={jobId} />
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

/** The state of the job, updated while it runs. */
function JobState({ id }: { readonly id: string }): ReactNode {
  const { data } = useJob(id);
  return data === undefined ? null : <StateBadge state={data.state} />;
}
