import { operations, type ExceptionTarget, type StoredException } from '@lazaret/protocol';
import { IconBan, IconCircleCheck, IconClockExclamation, IconClockX } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { ConfirmButton } from '../../components/confirm-button.tsx';
import { Copyable } from '../../components/copy.tsx';
import type { Column } from '../../components/data-table.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { type Status, StatusBadge } from '../../components/status-badge.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { useAction } from '../../data.ts';
import { useAllowed, useIdentity } from '../../session.ts';
import { useNow } from '../../time.ts';
import { endsSoon, targetNames, type TargetName } from './search.ts';

const { exceptions, policies } = operations;
const minuteMs = 60_000;

const statuses = {
  'in-force': { label: 'In force', tone: 'succeeded', icon: IconCircleCheck },
  soon: { label: 'Expires soon', tone: 'warning', icon: IconClockExclamation },
  expired: { label: 'Expired', tone: 'timed-out', icon: IconClockX },
  removed: { label: 'Ended', tone: 'cancelled', icon: IconBan },
} as const satisfies Record<string, Status>;

export const targetLabels: Readonly<Record<TargetName, string>> = {
  vulnerability: 'Vulnerability',
  package: 'Package',
  signature: 'Signature',
  path: 'Path',
  rule: 'Rule',
  finding: 'Finding',
  image: 'Image',
};

export const exceptionColumns: readonly Column<StoredException>[] = [
  { label: 'Accepts', cell: (exception) => <Target exception={exception} /> },
  { label: 'State', cell: (exception) => <State exception={exception} /> },
  {
    label: 'Reason',
    cell: ({ reason, owner }) => (
      <div className="break">
        <PlainText>{reason}</PlainText>
        <div className="dim small">
          accepted by <PlainText>{owner}</PlainText>
        </div>
      </div>
    ),
  },
  {
    label: 'Source',
    cell: ({ source }) =>
      source === 'manual' ? (
        <span className="nowrap">Manual</span>
      ) : (
        <span className="break">VEX document {source}</span>
      ),
  },
  {
    label: 'Added',
    end: true,
    cell: ({ createdAt, createdBy }) => (
      <div>
        <Timestamp at={createdAt} />
        <div className="dim small">by {createdBy}</div>
      </div>
    ),
  },
  { label: 'End', quiet: true, end: true, cell: (exception) => <End exception={exception} /> },
];

interface ExceptionProps {
  readonly exception: StoredException;
}

function Target({ exception: { match, project } }: ExceptionProps): ReactNode {
  const { projects } = useIdentity();
  return (
    <div className="break">
      {listTarget(match).map(([name, value], index) => (
        <div key={name} className={index === 0 ? '' : 'small'}>
          <span className="dim small">{targetLabels[name]} </span>
          <TargetValue value={value} />
        </div>
      ))}
      {projects.length > 1 && <div className="dim small">in {project}</div>}
    </div>
  );
}

const digestForm = /^sha(256|512):[0-9a-f]+$/;
const digestChars = 19;

function TargetValue({ value }: { readonly value: string }): ReactNode {
  if (digestForm.test(value)) {
    return <Copyable value={value} label="the digest" chars={digestChars} />;
  }
  return (
    <span className="mono">
      <PlainText>{value}</PlainText>
    </span>
  );
}

/** The given fields of a target. */
export function listTarget(match: ExceptionTarget): (readonly [TargetName, string])[] {
  return targetNames.flatMap((name) => {
    const value = match[name];
    return value === undefined ? [] : [[name, value] as const];
  });
}

/** Whether an exception is in force, and whether it ends soon. */
export function StateBadge({ exception: { state, expires } }: ExceptionProps): ReactNode {
  const now = useNow(minuteMs);
  const shown = state === 'in-force' && endsSoon(expires, now) ? 'soon' : state;
  return <StatusBadge status={statuses[shown]} state={shown} />;
}

function State({ exception }: ExceptionProps): ReactNode {
  const { state, expires, removedAt, removedBy } = exception;
  return (
    <div>
      <StateBadge exception={exception} />
      <div className="dim small">
        {state === 'removed' ? (
          <>
            <Timestamp at={removedAt} /> by {removedBy}
          </>
        ) : (
          <>
            {state === 'expired' ? 'expired' : 'expires'} <Timestamp at={expires} />
          </>
        )}
      </div>
    </div>
  );
}

function End({ exception }: ExceptionProps): ReactNode {
  const { id, state, match } = exception;
  const mayManage = useAllowed('policies.manage');
  const remove = useAction(exceptions.remove, {
    refreshes: [exceptions.list, policies.rejudgeStatus],
    successMessage: 'The exception was ended',
  });
  if (!mayManage || state !== 'in-force') return null;
  const [[, subject] = ['', '']] = listTarget(match);
  return (
    <ConfirmButton
      label="End"
      question="End this exception now?"
      icon={<IconBan size={14} />}
      button={{ size: 'compact-sm' }}
      busy={remove.isPending}
      onConfirm={() => remove.mutate({ params: { id } })}
    >
      <p className="break">
        <PlainText>{subject}</PlainText>
      </p>
      <p>Images that rest on it are judged again. The exception stays in the list of ended ones.</p>
    </ConfirmButton>
  );
}
