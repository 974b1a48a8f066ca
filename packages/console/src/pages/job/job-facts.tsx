import {
  type Attempt,
  formatDuration,
  formatSize,
  type JobDetail,
  operations,
} from '@lazaret/protocol';
import type { ReactNode } from 'react';

import { useOperation } from '../../data.ts';
import { Copyable } from '../../parts/copy.tsx';
import { Fact } from '../../parts/fact.tsx';
import { Meter } from '../../parts/meter.tsx';
import { Panel } from '../../parts/panel.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { LinkAnchor } from '../../parts/router-link.tsx';
import { Took } from '../../parts/took.tsx';
import { When } from '../../parts/when.tsx';

const digestChars = 16;

/** Where it came from on one side, what it used on the other. */
export function JobFacts({ job }: { readonly job: JobDetail }): ReactNode {
  const attempt = job.attemptList.at(-1);
  return (
    <div className="stack job-aside">
      <Panel title="Run">
        <div className="stack">
          <dl className="facts">
            <Fact term="Took">
              <Took span={job} />
            </Fact>
            <Fact term="Node">{job.node ?? 'none yet'}</Fact>
            <Fact term="Attempts">{job.attempts}</Fact>
            <Fact term="Exit code">{attempt?.telemetry.exitCode ?? '–'}</Fact>
            <Fact term="CPU">{cpuWords(attempt)}</Fact>
            <Fact term="Out of memory">{yesNo(attempt?.telemetry.outOfMemory)}</Fact>
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
          <dl className="facts">
            <Fact term="Submitted">
              <When at={job.createdAt} />
            </Fact>
            <Fact term="By">{job.submittedBy}</Fact>
            <Fact term="Project">{job.project}</Fact>
            <Fact term="Priority">{job.priority}</Fact>
            <Fact term="Time limit">{formatDuration(job.timeLimitMs)}</Fact>
            {job.rerunOf !== null && (
              <Fact term="Rerun of">
                <LinkAnchor to="/jobs/$id" params={{ id: job.rerunOf }} className="mono">
                  {job.rerunOf}
                </LinkAnchor>
              </Fact>
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
  if (job.inputs.length === 0) return <p className="dim">This job has no input.</p>;
  return (
    <ul className="inputs">
      {job.inputs.map((input) => (
        <li key={`${input.sha256} ${input.name}`}>
          <strong className="break">
            <PlainText>{input.name}</PlainText>
          </strong>
          <div className="row tight small dim">
            <span className="number">{formatSize(input.sizeBytes)}</span>·
            <Copyable value={input.sha256} label="the SHA-256" chars={digestChars} />·
            <LinkAnchor to="/jobs" search={{ sha256: input.sha256 }} size="xs">
              all its jobs
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
    return <p className="dim small">No memory sample: the run was short or is not over.</p>;
  const words = limit === null ? formatSize(peak) : `${formatSize(peak)} of ${formatSize(limit)}`;
  return <Meter label="Peak memory" value={peak} max={limit ?? peak} words={words} />;
}

function cpuWords(attempt: Attempt | undefined): string {
  const seconds = attempt?.telemetry.cpuSeconds;
  return seconds === null || seconds === undefined ? '–' : `${Number(seconds.toFixed(2))} s`;
}

function yesNo(value: boolean | null | undefined): string {
  if (value === null || value === undefined) return '–';
  return value ? 'yes' : 'no';
}
