/** One inspection, followed until it ends. */
import { finalInspectionStates, type Inspection, operations } from '@lazaret/protocol';
import { useQueryClient, type UseQueryResult } from '@tanstack/react-query';

import { useOperation } from '../../data.ts';
import { useFollowedInspections } from '../../live/follow-inspections.ts';

export function isEnded({ state }: Inspection): boolean {
  return finalInspectionStates.some((final) => final === state);
}

export function useInspection(id: string): UseQueryResult<Inspection> {
  const queries = useQueryClient();
  const call = { params: { id } };
  const query = useOperation(operations.inspections.show, call);
  const isActive = query.data !== undefined && !isEnded(query.data);
  useFollowedInspections(isActive ? [id] : [], (inspection) => {
    queries.setQueryData([operations.inspections.show.name, call], inspection);
  });
  return query;
}
