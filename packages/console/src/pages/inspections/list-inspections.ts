/** The list of inspections: still under the reader, but each row tells how far it is. */
import { type Inspection, operations } from '@lazaret/protocol';
import { useMemo } from 'react';

import { client } from '../../client.ts';
import { type StillList, useStillList } from '../../live/newcomers.ts';
import { useRowRefresh } from '../../live/refresh-rows.ts';
import { isOver } from '../inspection/use-inspection.ts';
import { type InspectionsSearch, toInspectionsQuery } from './filters.ts';

const pageItems = 50;
/** No event tells how many layers are read. */
const everyMs = 2_000;

export function useInspectionList(search: InspectionsSearch): StillList<Inspection> {
  const filter = useMemo(() => toInspectionsQuery(search), [search]);
  const { list, show } = operations.inspections;
  const still = useStillList<Inspection>({
    name: list.name,
    filter,
    read: (cursor, signal) =>
      client.call(list, { query: { ...filter, ...cursor, limit: pageItems } }, { signal }),
    stampOf: ({ id }) => id,
    tells: ({ type }) => type === 'inspection.queued',
  });
  useRowRefresh<Inspection>({
    rows: still.items,
    queryKey: still.queryKey,
    read: (id) => client.call(show, { params: { id } }),
    isOver,
    tells: ({ type }) => type.startsWith('inspection.'),
    everyMs,
  });
  return still;
}
