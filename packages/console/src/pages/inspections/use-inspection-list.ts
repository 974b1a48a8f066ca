/** The inspection list; rows do not move, but their progress is updated. */
import { type Inspection, operations } from '@lazaret/protocol';
import { useMemo } from 'react';

import { client } from '../../client.ts';
import { type StableList, useStableList } from '../../live/stable-list.ts';
import { useRowRefresh } from '../../live/refresh-rows.ts';
import { isEnded } from '../inspection/use-inspection.ts';
import { type InspectionsSearch, toInspectionsQuery } from './filters.ts';

const pageItems = 50;
/** Progress is not announced by events. */
const refetchMs = 2_000;

export function useInspectionList(search: InspectionsSearch): StableList<Inspection> {
  const filter = useMemo(() => toInspectionsQuery(search), [search]);
  const { list, show } = operations.inspections;
  const still = useStableList<Inspection>({
    name: list.name,
    filter,
    read: (cursor, signal) =>
      client.call(list, { query: { ...filter, ...cursor, limit: pageItems } }, { signal }),
    versionOf: ({ id }) => id,
    matchesEvent: ({ type }) => type === 'inspection.queued',
  });
  useRowRefresh<Inspection>({
    rows: still.items,
    queryKey: still.queryKey,
    read: (id) => client.call(show, { params: { id } }),
    isEnded,
    matchesEvent: ({ type }) => type.startsWith('inspection.'),
    refetchMs,
  });
  return still;
}
