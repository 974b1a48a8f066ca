/** Follows the log and state of one job; a disconnected stream is resumed where it ended. */
import { type Job, type LogChunk, operations } from '@lazaret/protocol';

import { client } from '../client.ts';
import { type FollowStatus, followStream } from './follow-stream.ts';

export interface FollowHandlers {
  readonly onLog: (chunk: LogChunk) => void;
  readonly onJob: (job: Job) => void;
  readonly onStatus: (status: FollowStatus, error?: unknown) => void;
}

export interface FollowTarget {
  readonly id: string;
  readonly attempt?: number;
}

export async function followJob(
  { id, attempt }: FollowTarget,
  { onLog, onJob, onStatus }: FollowHandlers,
  signal: AbortSignal,
): Promise<void> {
  const call = { params: { id }, query: attempt === undefined ? {} : { attempt } };
  await followStream<Job | LogChunk>(
    {
      open: (options) => client.stream(operations.jobs.follow, call, options),
      onEvent: ({ event, data }) => {
        if (event === 'log') onLog(data as LogChunk);
        if (event === 'job') onJob(data as Job);
      },
      onStatus,
    },
    signal,
  );
}
