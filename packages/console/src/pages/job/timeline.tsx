import { type Attempt, formatDuration, type JobDetail, outcomeCodes } from '@lazaret/protocol';
import { IconHourglassEmpty } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { EmptyState } from '../../components/empty-state.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { StateBadge } from '../../components/state-badge.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { useNow } from '../../time.ts';
import { measureAttempt } from './phases.ts';

/** All attempts with their phases, outcome and containment observations. */
export function Timeline({ job }: { readonly job: JobDetail }): ReactNode {
  return (
    <Panel title={job.attemptList.length > 1 ? `${job.attemptList.length} attempts` : 'Timeline'}>
      {job.attemptList.length === 0 ? (
        <EmptyState icon={IconHourglassEmpty} title="Not scheduled yet" small>
          Attempts and their phases are shown here.
        </EmptyState>
      ) : (
        <ol className="attempts">
          {job.attemptList.toReversed().map((attempt) => (
            <AttemptRow
              key={attempt.id}
              attempt={attempt}
              // The outcome of the last attempt is shown in the page header.
              showsOutcome={attempt.number < job.attempts}
            />
          ))}
        </ol>
      )}
    </Panel>
  );
}

interface AttemptRowProps {
  readonly attempt: Attempt;
  readonly showsOutcome: boolean;
}

function AttemptRow({ attempt, showsOutcome }: AttemptRowProps): ReactNode {
  const { outcome } = attempt;
  const { phases, totalMs } = measureAttempt(attempt, useNow());
  return (
    <li className="attempt">
      <div className="row between">
        <div className="row">
          <strong>Attempt {attempt.number}</strong>
          <StateBadge state={attempt.state} />
          <span className="dim small">
            on {attempt.node}, <Timestamp at={attempt.placedAt} />
          </span>
        </div>
        {totalMs > 0 && (
          <span className="number small">{formatDuration(totalMs)} including queue time</span>
        )}
      </div>
      {showsOutcome && outcome !== null && outcome.code !== 'succeeded' && (
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
                {phase.label} <span className="number">{formatDuration(phase.ms)}</span>
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
