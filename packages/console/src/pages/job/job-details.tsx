import {
  type Attempt,
  formatDuration,
  formatSize,
  type JobDetail,
  operations,
} from '@lazaret/protocol';
import type { ReactNode } from 'react';

import { useOperation } from '../../data.ts';
import { Copyable } from '../../components/copy.tsx';
import { HashLink } from '../../components/hash-link.tsx';
import { Field } from '../../components/field.tsx';
import { Meter } from '../../components/meter.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { Duration } from '../../components/duration.tsx';
import { Timestamp } from '../../components/timestamp.tsx';

const digestChars = 16;

/** Run statistics and submission of the job. */
export function JobDetails({ job }: { readonly job: JobDetail }): ReactNode {
  const attempt = job.attemptList.at(-1);
  return (
    <div className="stack job-sidebar">
      <Panel title="Run">
        <div className="stack">
          <dl className="fields">
            <Field label="Run time">
              <Duration span={job} />
            </Field>
            <Field label="Since submission">
              <Duration span={{ ...job, startedAt: job.createdAt }} />
            </Field>
            <Field label="Node">{job.node ?? 'not assigned'}</Field>
            <Field label="Attempts">{job.attempts}</Field>
            <Field label="Exit code">{attempt?.telemetry.exitCode ?? '–'}</Field>
            <Field label="CPU">{cpuText(attempt)}</Field>
            <Field label="Out of memory">{yesNo(attempt?.telemetry.outOfMemory)}</Field>
          </dl>
          {attempt !== undefined && <MemoryMeter job={job} attempt={attempt} />}
          {attempt !== undefined && (
            <div className="small">
              <span className="dim">Image </span>
              <Copyable
                value={attempt.imageDigest}
                label="the image digest"
                chars={digestChars + 9}
              />
            </div>
          )}
        </div>
      </Panel>
      <Panel title="Submission">
        <div className="stack">
          <Inputs job={job} />
          <dl className="fields">
            <Field label="Submitted">
              <Timestamp at={job.createdAt} />
            </Field>
            <Field label="Submitted by">{job.submittedBy}</Field>
            <Field label="Project">{job.project}</Field>
            <Field label="Priority">{job.priority}</Field>
            <Field label="Time limit">{formatDuration(job.timeLimitMs)}</Field>
            {job.rerunOf !== null && (
              <Field label="Rerun of">
                <LinkAnchor to="/jobs/$id" params={{ id: job.rerunOf }} className="mono">
                  {job.rerunOf}
                </LinkAnchor>
              </Field>
            )}
          </dl>
          {job.tags.length > 0 && (
            <div className="row tight">
              {job.tags.map((tag) => (
                <LinkAnchor key={tag} to="/jobs" search={{ tag }} className="tag">
                  <PlainText>{tag}</PlainText>
                </LinkAnchor>
              ))}
            </div>
          )}
          {Object.keys(job.parameters).length > 0 && (
            <details className="more">
              <summary>Parameters</summary>
              <pre className="code wraps">{JSON.stringify(job.parameters, null, 2)}</pre>
            </details>
          )}
        </div>
      </Panel>
    </div>
  );
}

function Inputs({ job }: { readonly job: JobDetail }): ReactNode {
  if (job.inputs.length === 0) return <p className="dim">No input.</p>;
  return (
    <ul className="inputs">
      {job.inputs.map((input) => (
        <li key={`${input.sha256} ${input.name}`}>
          <strong className="break">
            <PlainText>{input.name}</PlainText>
          </strong>
          <div className="row tight small dim">
            <span className="number">{formatSize(input.sizeBytes)}</span>
            <HashLink sha256={input.sha256} chars={digestChars} />
            <LinkAnchor to="/jobs" search={{ sha256: input.sha256 }} size="xs">
              all jobs with this file
            </LinkAnchor>
          </div>
        </li>
      ))}
    </ul>
  );
}

function MemoryMeter({
  job,
  attempt,
}: {
  readonly job: JobDetail;
  readonly attempt: Attempt;
}): ReactNode {
  const engine = useOperation(operations.engines.show, { params: { name: job.engine } });
  const peak = attempt.telemetry.peakMemoryBytes;
  const current = engine.data;
  const limit =
    current !== undefined && current.revision === attempt.engineRevision
      ? current.manifest.resources.memory
      : null;
  if (peak === null)
    return <p className="dim small">No memory sample (run too short or not finished).</p>;
  const text = limit === null ? formatSize(peak) : `${formatSize(peak)} of ${formatSize(limit)}`;
  return <Meter label="Peak memory" value={peak} max={limit ?? peak} valueText={text} />;
}

function cpuText(attempt: Attempt | undefined): string {
  const seconds = attempt?.telemetry.cpuSeconds;
  return seconds === null || seconds === undefined ? '–' : `${Number(seconds.toFixed(2))} s`;
}

function yesNo(value: boolean | null | undefined): string {
  if (value === null || value === undefined) return '–';
  return value ? 'yes' : 'no';
}
