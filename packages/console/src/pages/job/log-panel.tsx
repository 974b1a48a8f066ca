import { ActionIcon, Button, Select, TextInput, Tooltip } from '@mantine/core';
import { isFinal, type JobDetail, operations, plural } from '@lazaret/protocol';
import {
  IconChevronDown,
  IconChevronUp,
  IconDownload,
  IconPlayerPause,
  IconPlayerPlay,
  IconSearch,
} from '@tabler/icons-react';
import { type ReactNode, useMemo, useState } from 'react';

import { client } from '../../client.ts';
import { ProblemNotice } from '../../components/notice.tsx';
import { findLines } from './find-lines.ts';
import { LogView } from './log-view.tsx';
import { type LogState, useLog } from './use-log.ts';

/** The log, live while the job runs, with search, pause and download. */
export function LogPanel({ job }: { readonly job: JobDetail }): ReactNode {
  const [chosen, setChosen] = useState<number>();
  const state = useLog(job, chosen);
  const [paused, setPaused] = useState(false);
  const [text, setText] = useState('');
  const [position, setPosition] = useState(0);
  const { lines, dropped } = state.log;
  // `lines` is mutated in place; the version changes with it.
  const found = useMemo(() => findLines(lines, text), [lines, text, state.version]);
  const current = found.length === 0 ? undefined : found[position % found.length];
  const step = (by: number): void => {
    if (found.length > 0) setPosition((position + by + found.length) % found.length);
  };
  const shown = state.attempt ?? chosen ?? job.attemptList.at(-1)?.number;
  const truncated = job.attemptList.find(({ number }) => number === shown)?.logTruncated ?? false;
  return (
    <div className="panel-body stack tight">
      <div className="log-bar">
        <StatusLight state={state} isEnded={isFinal(job.state)} />
        {job.attemptList.length > 1 && (
          <Select
            size="xs"
            w={130}
            aria-label="Attempt"
            allowDeselect={false}
            data={job.attemptList.map(({ number }) => ({
              value: String(number),
              label: `Attempt ${number}`,
            }))}
            value={shown === undefined ? null : String(shown)}
            onChange={(value) => setChosen(value === null ? undefined : Number(value))}
          />
        )}
        <TextInput
          size="xs"
          className="log-search"
          aria-label="Search the log"
          placeholder="Search the log"
          leftSection={<IconSearch size={14} />}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setPosition(0);
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter') step(event.shiftKey ? -1 : 1);
          }}
        />
        {text !== '' && (
          <span className="row tight nowrap">
            <span className="small number nowrap" role="status">
              {found.length === 0
                ? 'no matches'
                : `${(position % found.length) + 1} of ${found.length}`}
            </span>
            <LogButton
              label="Previous match"
              onClick={() => step(-1)}
              icon={<IconChevronUp size={15} />}
            />
            <LogButton
              label="Next match"
              onClick={() => step(1)}
              icon={<IconChevronDown size={15} />}
            />
          </span>
        )}
        {!isFinal(job.state) && (
          <Button
            size="xs"
            variant="default"
            leftSection={paused ? <IconPlayerPlay size={14} /> : <IconPlayerPause size={14} />}
            onClick={() => setPaused(!paused)}
          >
            {paused ? 'Resume' : 'Pause'}
          </Button>
        )}
        <Button
          size="xs"
          variant="default"
          component="a"
          download={`${job.id}.log`}
          leftSection={<IconDownload size={14} />}
          href={client.url(operations.jobs.log, {
            params: { id: job.id },
            query: shown === undefined ? {} : { attempt: shown },
          })}
        >
          Download
        </Button>
      </div>
      {state.error !== undefined && <ProblemNotice error={state.error} />}
      {dropped > 0 && (
        <p className="dim small">
          The first {plural(dropped, 'line')} are not shown. Download the full log.
        </p>
      )}
      <LogView
        lines={lines}
        version={state.version}
        isPaused={paused}
        current={current}
        emptyText={isFinal(job.state) ? 'No log output.' : 'No log output yet.'}
      />
      {truncated && (
        <p className="small problem-line">Log truncated: the size limit was reached.</p>
      )}
    </div>
  );
}

interface LogButtonProps {
  readonly label: string;
  readonly icon: ReactNode;
  readonly onClick: () => void;
}

function LogButton({ label, icon, onClick }: LogButtonProps): ReactNode {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="default" size={28} aria-label={label} onClick={onClick}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}

const statusLabels = {
  connecting: { label: 'Connecting', tone: 'queued' },
  live: { label: 'Live', tone: 'succeeded' },
  waiting: { label: 'Reconnecting', tone: 'warning' },
  ended: { label: 'Complete', tone: 'queued' },
  failed: { label: 'Not available', tone: 'failed' },
} as const;

function StatusLight({
  state,
  isEnded,
}: {
  readonly state: LogState;
  readonly isEnded: boolean;
}): ReactNode {
  const status = isEnded && state.status === 'live' ? 'ended' : state.status;
  const { label, tone } = statusLabels[status];
  return (
    <span className={`light tone-${tone}`} role="status">
      {label}
    </span>
  );
}
