/** One inspection, polled every second until it ends and refetched on its events. */
import { finalInspectionStates, type Inspection, operations } from '@lazaret/protocol';
import { useQueryClient, type UseQueryResult } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

import { useOperation } from '../../data.ts';
import { useEvents } from '../../live/events.ts';

const refetchMs = 1_000;

export function isEnded({ state }: Inspection): boolean {
  return finalInspectionStates.some((final) => final === state);
}

export function useInspection(id: string): UseQueryResult<Inspection> {
  const queries = useQueryClient();
  const [ended, setEnded] = useState(false);
  const call = { params: { id } };
  const query = useOperation(operations.inspections.show, call, {
    refetchMs: ended ? false : refetchMs,
  });
  const hasEnded = query.data !== undefined && isEnded(query.data);
  useEffect(() => setEnded(hasEnded), [hasEnded]);
  useEvents((event) => {
    if (event.subject !== id) return;
    void queries.invalidateQueries({ queryKey: [operations.inspections.show.name, call] });
  });
  return query;
}
