/**
 * Follows inspections over one stream while the page is visible: progress arrives without polling.
 * While the stream is down, the inspections are polled instead.
 */
import { type Inspection, limits, operations } from '@lazaret/protocol';
import { useEffect, useRef, useState } from 'react';

import { client } from '../client.ts';
import { refetchSession } from '../data.ts';
import { type FollowStatus, followStream } from './follow-stream.ts';

const pollMs = 3_000;
const readsPerPollMax = 20;

/** Calls the handler for each state of these inspections until they have ended. */
export function useFollowedInspections(
  ids: readonly string[],
  onChange: (inspection: Inspection) => void,
): void {
  const latest = useRef(onChange);
  useEffect(() => {
    latest.current = onChange;
  });
  const [isDown, setDown] = useState(false);
  const key = ids.slice(0, limits.pageItemsMax).join(',');
  useEffect(() => {
    setDown(false);
    if (key === '') return undefined;
    const abort = new AbortController();
    const onStatus = (status: FollowStatus, error: unknown): void => {
      if (status === 'failed') refetchSession(error);
      // It remains down while it is being opened again.
      if (status !== 'connecting') setDown(status === 'waiting' || status === 'failed');
    };
    void followStream<Inspection>(
      {
        open: (options) =>
          client.stream(operations.inspections.follow, { query: { id: key } }, options),
        onEvent: ({ data }) => latest.current(data),
        onStatus,
      },
      abort.signal,
    );
    return () => abort.abort();
  }, [key]);
  useEffect(() => {
    if (!isDown) return undefined;
    const abort = new AbortController();
    const poll = createPoll(key.split(','), (changed) => latest.current(changed));
    void poll(abort.signal);
    const timer = setInterval(() => void poll(abort.signal), pollMs);
    return () => {
      abort.abort();
      clearInterval(timer);
    };
  }, [isDown, key]);
}

/** Reads some of the inspections at each call, in turn. */
function createPoll(
  ids: readonly string[],
  onChange: (inspection: Inspection) => void,
): (signal: AbortSignal) => Promise<void> {
  let queue: string[] = [];
  let isBusy = false;
  return async (signal) => {
    if (isBusy || document.hidden) return;
    isBusy = true;
    if (queue.length === 0) queue = [...ids];
    const answers = await Promise.allSettled(
      queue
        .splice(0, readsPerPollMax)
        .map((id) => client.call(operations.inspections.show, { params: { id } }, { signal })),
    );
    isBusy = false;
    if (signal.aborted) return;
    for (const answer of answers) if (answer.status === 'fulfilled') onChange(answer.value);
  };
}
