import {
  isFinal,
  type JobDetail,
  operations,
  outcomeCodes,
  escapeInvisible,
} from '@lazaret/protocol';
import { Button } from '@mantine/core';
import { IconBan, IconDownload, IconRefresh } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useEffect } from 'react';

import { client } from '../../client.ts';
import { useAction } from '../../data.ts';
import { ConfirmButton } from '../../components/confirm-button.tsx';
import { Notice } from '../../components/notice.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { LinkAnchor } from '../../components/router-link.tsx';
import { StateBadge, jobStatuses } from '../../components/state-badge.tsx';
import { useAllowed } from '../../session.ts';

/** Name, state, outcome and actions of the job. */
export function JobHeader({ job }: { readonly job: JobDetail }): ReactNode {
  const name = job.inputs[0]?.name ?? `Job ${job.id}`;
  useEffect(() => {
    document.title = `${jobStatuses[job.state].label}: ${escapeInvisible(name)} · Lazaret`;
  }, [job.state, name]);
  return (
    <>
      <header className="page-head">
        <div className="grow">
          <div className="eyebrow as-written">
            <LinkAnchor to="/jobs">Jobs</LinkAnchor> / {job.id}
          </div>
          <h1 className="break">
            <PlainText>{name}</PlainText>
          </h1>
          <div className="row job-state">
            <StateBadge state={job.state} large />
            <span className="dim">
              engine{' '}
              <LinkAnchor to="/engines/$name" params={{ name: job.engine }}>
                {job.engine}
              </LinkAnchor>
              , revision {job.engineRevision}
            </span>
          </div>
        </div>
        <Actions job={job} />
      </header>
      <OutcomeNotice job={job} />
    </>
  );
}

function OutcomeNotice({ job }: { readonly job: JobDetail }): ReactNode {
  if (job.state === 'queued' && job.waitReason !== null) {
    return (
      <div className="job-notice">
        <Notice tone="moving" title="Waiting">
          <p>
            <PlainText>{job.waitReason}</PlainText>
          </p>
        </Notice>
      </div>
    );
  }
  if (job.outcome === null || job.outcome.code === 'succeeded') return null;
  const { title } = outcomeCodes[job.outcome.code];
  const tone = job.state === 'cancelled' || !isFinal(job.state) ? 'warning' : 'failed';
  return (
    <div className="job-notice">
      <Notice tone={tone} title={title}>
        {job.outcome.detail !== '' && (
          <p>
            <PlainText>{job.outcome.detail}</PlainText>
          </p>
        )}
      </Notice>
    </div>
  );
}

function Actions({ job }: { readonly job: JobDetail }): ReactNode {
  const maySubmit = useAllowed('jobs.submit');
  const mayControl = useAllowed('jobs.control');
  const navigate = useNavigate();
  const refreshes = [operations.jobs.show, operations.jobs.list];
  const cancel = useAction(operations.jobs.cancel, { refreshes });
  const rerun = useAction(operations.jobs.rerun, {
    refreshes: [operations.jobs.list],
    onDone: (next) => void navigate({ to: '/jobs/$id', params: { id: next.id } }),
  });
  const params = { id: job.id };
  return (
    <div className="row">
      {job.artifacts.length > 0 && (
        <Button
          component="a"
          href={client.url(operations.jobs.result, { params })}
          download
          leftSection={<IconDownload size={16} />}
        >
          Result
        </Button>
      )}
      {maySubmit && isFinal(job.state) && (
        <Button
          variant="default"
          leftSection={<IconRefresh size={16} />}
          loading={rerun.isPending}
          onClick={() => rerun.mutate({ params, body: {} })}
        >
          Rerun
        </Button>
      )}
      {mayControl && !isFinal(job.state) && (
        <ConfirmButton
          label="Cancel the job"
          question="Cancel this job?"
          icon={<IconBan size={16} />}
          busy={cancel.isPending}
          onConfirm={() => cancel.mutate({ params })}
        >
          The container is killed immediately. Partial output is lost.
        </ConfirmButton>
      )}
    </div>
  );
}
