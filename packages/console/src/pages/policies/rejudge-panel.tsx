import { Button } from '@mantine/core';
import { operations, plural, type RejudgeStatus } from '@lazaret/protocol';
import { IconPlayerPause, IconPlayerPlay, IconRefresh } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';

import { Meter } from '../../components/meter.tsx';
import { Panel } from '../../components/panel.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { useAction, useOperation } from '../../data.ts';
import { useAllowed } from '../../session.ts';

const { policies, decisions } = operations;
const activeMs = 1_000;
const idleMs = 10_000;
const projectsShown = 8;

interface RejudgePanelProps {
  readonly projects: readonly string[];
}

/** How far judging the stored images of each project again is. */
export function RejudgePanel({ projects }: RejudgePanelProps): ReactNode {
  const shown = projects.slice(0, projectsShown);
  return (
    <Panel title="Judging stored images">
      <div className="stack">
        {shown.map((project) => (
          <ProjectProgress key={project} project={project} isNamed={projects.length > 1} />
        ))}
        {shown.length < projects.length && (
          <p className="dim small">
            and {plural(projects.length - shown.length, 'other project')}: choose a project
          </p>
        )}
      </div>
    </Panel>
  );
}

interface ProjectProgressProps {
  readonly project: string;
  readonly isNamed: boolean;
}

function ProjectProgress({ project, isNamed }: ProjectProgressProps): ReactNode {
  const call = { query: { project } };
  const [refetchMs, setRefetchMs] = useState(idleMs);
  const query = useOperation(policies.rejudgeStatus, call, { refetchMs });
  const wanted = query.data?.state === 'running' ? activeMs : idleMs;
  if (wanted !== refetchMs) setRefetchMs(wanted);
  return (
    <QueryView query={query} rows={1}>
      {(status) => (
        <div className="row between">
          <div className="grow">
            {isNamed && <strong>{project}</strong>}
            <Progress status={status} />
          </div>
          <Actions status={status} />
        </div>
      )}
    </QueryView>
  );
}

function Progress({ status }: { readonly status: RejudgeStatus }): ReactNode {
  const { state, judged, total, changed, skipped, cause, causedBy } = status;
  const counts = [
    `${plural(changed, 'decision')} changed`,
    ...(skipped > 0 ? [`${plural(skipped, 'image')} without a report`] : []),
  ].join(', ');
  if (state === 'idle') {
    if (status.finishedAt === null) {
      return <div className="dim">Stored images are judged again after each change.</div>;
    }
    return (
      <div>
        {plural(judged, 'image')} judged again <Timestamp at={status.finishedAt} />, {counts}
        <div className="dim small break">
          Cause: <PlainText>{cause}</PlainText> by {causedBy}
        </div>
      </div>
    );
  }
  return (
    <div>
      <Meter
        label={state === 'paused' ? 'Paused' : 'Judging again'}
        value={judged}
        max={total}
        valueText={`${judged.toLocaleString('en')} of ${plural(total, 'image')}, ${counts}`}
      />
      <div className="dim small break">
        Cause: <PlainText>{cause}</PlainText> by {causedBy}
        {state === 'paused' && '. Images that were not judged again keep their earlier decisions.'}
      </div>
    </div>
  );
}

function Actions({ status }: { readonly status: RejudgeStatus }): ReactNode {
  const refreshes = [policies.rejudgeStatus, decisions.list];
  const pause = useAction(policies.rejudgePause, { refreshes });
  const resume = useAction(policies.rejudgeResume, { refreshes });
  const start = useAction(policies.rejudge, { refreshes });
  if (!useAllowed('policies.manage')) return null;
  const { project, state } = status;
  const body = { project };
  if (state === 'running') {
    return (
      <Button
        variant="default"
        leftSection={<IconPlayerPause size={16} />}
        loading={pause.isPending}
        onClick={() => pause.mutate({ body })}
      >
        Pause
      </Button>
    );
  }
  if (state === 'paused') {
    return (
      <Button
        leftSection={<IconPlayerPlay size={16} />}
        loading={resume.isPending}
        onClick={() => resume.mutate({ body })}
      >
        Resume
      </Button>
    );
  }
  return (
    <Button
      variant="default"
      leftSection={<IconRefresh size={16} />}
      loading={start.isPending}
      onClick={() => start.mutate({ body })}
    >
      Judge again
    </Button>
  );
}
