/** The log of a job, followed live; rendering is limited to once per frame. */
import { type JobDetail, operations } from '@lazaret/protocol';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';

import { followJob } from '../../live/follow-job.ts';
import type { FollowStatus } from '../../live/follow-stream.ts';
import { LogLines } from '../../text/log-lines.ts';

export interface LogState {
  readonly log: LogLines;
  /** Incremented with every change of the log. */
  readonly version: number;
  readonly status: FollowStatus;
  readonly error: unknown;
  /** The attempt of the lines. */
  readonly attempt: number | undefined;
}

export function useLog(job: JobDetail, attempt: number | undefined): LogState {
  const { id } = job;
  const queries = useQueryClient();
  const [state, setState] = useState<Omit<LogState, 'log'>>(initial);
  const log = useRef(new LogLines());

  useEffect(() => {
    const abort = new AbortController();
    let shown: number | undefined;
    let frame = 0;
    log.current = new LogLines();
    setState(initial);
    const draw = (): void => {
      if (frame !== 0) return;
      frame = requestAnimationFrame(() => {
        frame = 0;
        setState((last) => ({ ...last, version: last.version + 1, attempt: shown }));
      });
    };
    void followJob(
      attempt === undefined ? { id } : { id, attempt },
      {
        onLog: (chunk) => {
          if (chunk.attempt !== shown) log.current = new LogLines();
          shown = chunk.attempt;
          log.current.append(chunk.stream, chunk.text);
          draw();
        },
        onJob: () => {
          const queryKey = [operations.jobs.show.name, { params: { id } }];
          void queries.invalidateQueries({ queryKey });
        },
        onStatus: (status, error) => {
          setState((last) => (last.status === status ? last : { ...last, status, error }));
        },
      },
      abort.signal,
    );
    return () => {
      abort.abort();
      cancelAnimationFrame(frame);
    };
  }, [id, attempt, queries]);
  return { ...state, log: log.current };
}

const initial: Omit<LogState, 'log'> = {
  version: 0,
  status: 'connecting',
  error: undefined,
  attempt: undefined,
};
