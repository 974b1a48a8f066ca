import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type BulkOutput, isFinal, type Job, operations, plural } from '@lazaret/protocol';
import { IconBan, IconRefresh } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';

import { client } from '../../client.ts';
import { ConfirmButton } from '../../components/confirm-button.tsx';
import { Notice } from '../../components/notice.tsx';
import { PlainText } from '../../components/plain-text.tsx';
import { useAction } from '../../data.ts';
import { useAllowed } from '../../session.ts';
import { type JobFilter, toJobQuery } from './filters.ts';

interface BulkBarProps {
  readonly filter: JobFilter;
  readonly selected: ReadonlySet<string>;
  readonly loaded: readonly Job[];
  /** The list has no more pages. */
  readonly isAllLoaded: boolean;
  readonly onDone: () => void;
  readonly onClear: () => void;
}

type Kind = 'cancel' | 'rerun';

/** Actions for the selected jobs, or for all jobs that match the filter. */
export function BulkBar(props: BulkBarProps): ReactNode {
  const { filter, selected, loaded, isAllLoaded, onDone, onClear } = props;
  const [isAll, setAll] = useState(false);
  const [failures, setFailures] = useState<BulkOutput>();
  const mayControl = useAllowed('jobs.control');
  const maySubmit = useAllowed('jobs.submit');
  const done = (output: BulkOutput, kind: Kind): void => {
    setAll(false);
    setFailures(output.failed > 0 ? output : undefined);
    const verb = kind === 'cancel' ? 'cancelled' : 'resubmitted';
    const unchanged = output.unchanged > 0 ? `, ${output.unchanged} unchanged` : '';
    notifications.show({
      message: `${plural(output.changed, 'job')} ${verb}${unchanged}`,
      color: output.failed > 0 ? 'yellow' : 'sea',
    });
    onDone();
  };
  if (selected.size === 0) {
    return failures === undefined ? null : (
      <Failures output={failures} onClose={() => setFailures(undefined)} />
    );
  }
  const isEverythingSelected = selected.size >= loaded.length && !isAllLoaded;
  const chosen = loaded.filter(({ id }) => selected.has(id));
  const newest = loaded.reduce((latest, { id }) => (id > latest ? id : latest), '');
  const actions = { filter, isAll, chosen, newest, onDone: done };
  return (
    <div className="bulk-bar" role="region" aria-label="Selected jobs">
      <strong>{isAll ? 'All jobs that match the filter' : plural(selected.size, 'job')}</strong>
      {isEverythingSelected && (
        <Button variant="subtle" size="compact-sm" onClick={() => setAll(!isAll)}>
          {isAll ? 'Only the loaded jobs' : 'Select all that match the filter'}
        </Button>
      )}
      <span className="grow" />
      {mayControl && <BulkAction kind="cancel" {...actions} />}
      {maySubmit && <BulkAction kind="rerun" {...actions} />}
      <Button variant="subtle" color="gray" size="sm" onClick={onClear}>
        Clear
      </Button>
    </div>
  );
}

interface BulkActionProps {
  readonly kind: Kind;
  readonly filter: JobFilter;
  readonly isAll: boolean;
  readonly chosen: readonly Job[];
  readonly newest: string;
  readonly onDone: (output: BulkOutput, kind: Kind) => void;
}

const words = {
  cancel: { label: 'Cancel jobs', object: 'active job', icon: <IconBan size={16} /> },
  rerun: { label: 'Rerun jobs', object: 'ended job', icon: <IconRefresh size={16} /> },
} as const;

function BulkAction({ kind, filter, isAll, chosen, newest, onDone }: BulkActionProps): ReactNode {
  const operation = kind === 'cancel' ? operations.jobs.cancelMany : operations.jobs.rerunMany;
  const { label, object, icon } = words[kind];
  const affected = chosen.filter(({ state }) => isFinal(state) === (kind === 'rerun'));
  const action = useAction(operation, {
    onDone: (output) => onDone(output, kind),
    refreshes: [operations.jobs.count],
  });
  const query = toJobQuery(filter);
  const isEmptyFilter = Object.keys(query).length === 0;
  const body = isAll
    ? { ...query, ...(isEmptyFilter ? { every: true } : {}), notAfter: newest }
    : { ids: affected.map(({ id }) => id) };
  const count = useCount(kind, body, isAll);
  const total = isAll ? count : affected.length;
  return (
    <ConfirmButton
      label={label}
      icon={icon}
      busy={action.isPending}
      isHarmless={kind === 'rerun'}
      button={{ size: 'sm', disabled: total === 0 }}
      question={
        total === undefined
          ? `${label}?`
          : `${kind === 'cancel' ? 'Cancel' : 'Rerun'} ${plural(total, object)}?`
      }
      onConfirm={() => action.mutate({ body: body as never })}
    >
      <p>
        {kind === 'cancel'
          ? 'Running containers are killed. Jobs that have ended are not changed.'
          : 'Each ended job is submitted again with the same inputs and parameters.'}
      </p>
      {isAll && <p className="dim">Jobs submitted after the newest one shown are not changed.</p>}
    </ConfirmButton>
  );
}

/** How many jobs the action would change, counted by the server in a dry run. */
function useCount(kind: Kind, body: Readonly<Record<string, unknown>>, isEnabled: boolean) {
  const operation = kind === 'cancel' ? operations.jobs.cancelMany : operations.jobs.rerunMany;
  const { data } = useQuery({
    queryKey: [operation.name, body],
    enabled: isEnabled,
    queryFn: ({ signal }) =>
      client.call(operation, { body: { ...body, dryRun: true } as never }, { signal }),
  });
  return data?.matched;
}

interface FailuresProps {
  readonly output: BulkOutput;
  readonly onClose: () => void;
}

const failuresShown = 10;

/** Jobs that could not be changed, each with its reason. */
function Failures({ output, onClose }: FailuresProps): ReactNode {
  const failed = output.results.filter(({ status }) => status === 'failed');
  return (
    <Notice tone="failed" title={`${plural(failed.length, 'job')} failed`}>
      <ul>
        {failed.slice(0, failuresShown).map(({ id, problem }) => (
          <li key={id}>
            <code>{id}</code>: <PlainText>{problem?.detail ?? ''}</PlainText>
          </li>
        ))}
      </ul>
      {failed.length > failuresShown && <p>and {failed.length - failuresShown} more</p>}
      <Button variant="default" size="compact-sm" onClick={onClose}>
        Close
      </Button>
    </Notice>
  );
}
