import { type Attempt, formatDuration, type JobDetail, outcomeCodes } from '@lazaret/protocol';
import { IconHourglassEmpty } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { EmptyState } from '../../parts/empty-state.tsx';
import { Panel } from '../../parts/panel.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { StateBadge } from '../../parts/state-badge.tsx';
import { When } from '../../parts/when.tsx';
import { useNow } from '../../time.ts';
import { measuredPhases } from './phases.ts';

/** Every attempt with its phases as a bar, its outcome and what containment met. */
export function Timeline({ job }: { readonly job: JobDetail }): ReactNode {
  return (
    <Panel title={job.attemptList.length > 1 ? `${job.attemptList.length} attempts` : 'Timeline'}>
      {job.attemptList.length === 0 ? (
        <EmptyState icon={IconHourglassEmpty} title="Not placed on a node yet" small>
          The first attempt appears here with its phases.
        </EmptyState>
      ) : (
        <ol className="attempts">
          {job.attemptList.toReversed().map((attempt) => (
            <AttemptRow
              key={attempt.id}
              attempt={attempt}
              // The last attempt's outcome is the job's, which the head of the page tells.
              tellsOutcome={attempt.number < job.attempts}
            />
          ))}
        </ol>
      )}
    </Panel>
  );
}

interface AttemptRowProps {
  readonly attempt: Attempt;
  readonly tellsOutcome: boolean;
}

function AttemptRow({ attempt, tellsOutcome }: AttemptRowProps): ReactNode {
  const { outcome } = attempt;
  const phases = measuredPhases(attempt, useNow());
  const totalMs = phases.reduce((sum, phase) => sum + phase.ms, 0);
  return (
    <li className="attempt">
      <div className="row between">
        <div className="row">
          <strong>Attempt {attempt.number}</strong>
          <StateBadge state={attempt.state} />
          <span className="dim small">
            on {attempt.node}, <When at={attempt.placedAt} />
          </span>
        </div>
        {totalMs > 0 && <span className="number small">{formatDuration(totalMs)} in all</span>}
      </div>
      {tellsOutcome && outcome !== null && outcome.code !== 'succeeded' && (
        <p className="small break">
          <strong>{outcomeCodes[outcome.code].title}.</strong>{' '}
          <PlainText>{outcome.detail}</PlainText>
        </p>
      )}
      {phases.length > 0 && (
        <>
          <div className="phase-bar" aria-hidden>
            {phases.map((phase) => (
              <span key={phase.key} style={{ flexGrow: phase.ms, background: phase.colour }} />
            ))}
          </div>
          <ul className="phase-key">
            {phases.map((phase) => (
              <li key={phase.key}>
                <i style={{ background: phase.colour }} />
                {phase.word} <span className="number">{formatDuration(phase.ms)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {attempt.observations.length > 0 && (
        <ul className="observations">
          {attempt.observations.map((observation, index) => (
            <li key={index}>
              <code>{observation.code}</code> <PlainText>{observation.detail}</PlainText>
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}
