/** One inspection, read again each second until it ends, and when an event names it. */
import { finalInspectionStates, type Inspection, operations } from '@lazaret/protocol';
import { useQueryClient, type UseQueryResult } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

import { useOperation } from '../../data.ts';
import { useEvents } from '../../live/events.ts';

const everyMs = 1_000;

export function isOver({ state }: Inspection): boolean {
  return finalInspectionStates.some((final) => final === state);
}

export function useInspection(id: string): UseQueryResult<Inspection> {
  const queries = useQueryClient();
  const [ended, setEnded] = useState(false);
  const call = { params: { id } };
  const query = useOperation(operations.inspections.show, call, {
    everyMs: ended ? false : everyMs,
  });
  const isEnded = query.data !== undefined && isOver(query.data);
  useEffect(() => setEnded(isEnded), [isEnded]);
  useEvents((event) => {
    if (event.subject !== id) return;
    void queries.invalidateQueries({ queryKey: [operations.inspections.show.name, call] });
  });
  return query;
}
