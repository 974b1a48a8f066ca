/** One job, refetched on its events, and polled while the event stream is down. */
import { isFinal, type JobDetail, operations } from '@lazaret/protocol';
import { useQueryClient, type UseQueryResult } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

import { useOperation } from '../../data.ts';
import { useConnected, useEvents } from '../../live/events.ts';

const settleMs = 150;
const pollMs = 2_000;
const calmPollMs = 10_000;

export function useJob(id: string): UseQueryResult<JobDetail> {
  const queries = useQueryClient();
  const connected = useConnected();
  const [moves, setMoves] = useState(0);
  const [ended, setEnded] = useState(false);
  const refetchMs = ended ? false : connected ? calmPollMs : pollMs;
  const query = useOperation(operations.jobs.show, { params: { id } }, { refetchMs });
  const state = query.data?.state;
  useEffect(() => setEnded(state !== undefined && isFinal(state)), [state]);
  useEvents((event) => {
    if (event.subject === id) setMoves((count) => count + 1);
  });
  useEffect(() => {
    if (moves === 0) return undefined;
    const timer = setTimeout(() => {
      void queries.invalidateQueries({ queryKey: [operations.jobs.show.name, { params: { id } }] });
    }, settleMs);
    return () => clearTimeout(timer);
  }, [moves, id, queries]);
  return query;
}
