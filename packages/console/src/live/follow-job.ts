/** Follows the log and state of one job; a disconnected stream is resumed where it ended. */
import { type Job, type LogChunk, operations } from '@lazaret/protocol';

import { client } from '../client.ts';
import { isTransient } from '../failure.ts';
import { backOffMs, pause, untilVisible } from './back-off.ts';

export type FollowStatus = 'connecting' | 'live' | 'waiting' | 'ended' | 'failed';

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
  target: FollowTarget,
  handlers: FollowHandlers,
  signal: AbortSignal,
): Promise<void> {
  let lastEventId: string | undefined;
  let failures = 0;
  const { id, attempt } = target;
  const call = { params: { id }, query: attempt === undefined ? {} : { attempt } };
  while (!signal.aborted) {
    await untilVisible(signal);
    if (signal.aborted) return;
    handlers.onStatus('connecting');
    try {
      const options = { signal, ...(lastEventId === undefined ? {} : { lastEventId }) };
      for await (const event of client.stream(operations.jobs.follow, call, options)) {
        if (signal.aborted) return;
        failures = 0;
        lastEventId = event.id ?? lastEventId;
        handlers.onStatus('live');
        if (event.event === 'log') handlers.onLog(event.data as LogChunk);
        if (event.event === 'job') handlers.onJob(event.data as Job);
        if (event.event === 'end') {
          handlers.onStatus('ended');
          return;
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!isTransient(error)) {
        handlers.onStatus('failed', error);
        return;
      }
    }
    handlers.onStatus('waiting');
    await pause(backOffMs(failures), signal);
    failures += 1;
  }
}
