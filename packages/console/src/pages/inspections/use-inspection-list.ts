/** The inspection list; rows do not move, but their progress is updated. */
import { type Inspection, limits, operations } from '@lazaret/protocol';
import { useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';

import { client } from '../../client.ts';
import { type StableList, useStableList } from '../../live/stable-list.ts';
import { useFollowedInspections } from '../../live/follow-inspections.ts';
import { type Pages, replaceRows, useRowRefresh } from '../../live/refresh-rows.ts';
import { isEnded } from '../inspection/use-inspection.ts';
import { type InspectionsSearch, toInspectionsQuery } from './filters.ts';

const pageItems = 50;

export function useInspectionList(search: InspectionsSearch): StableList<Inspection> {
  const queries = useQueryClient();
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
  const active = still.items.filter((row) => !isEnded(row)).map(({ id }) => id);
  const followed = active.slice(0, limits.pageItemsMax);
  const others = new Set(active.slice(limits.pageItemsMax));
  useFollowedInspections(followed, (changed) => {
    queries.setQueryData<Pages<Inspection>>(still.queryKey, (pages) =>
      replaceRows(pages, new Map([[changed.id, changed]]), ({ id }) => id),
    );
  });
  useRowRefresh<Inspection>({
    rows: still.items,
    queryKey: still.queryKey,
    read: (id) => client.call(show, { params: { id } }),
    isEnded: ({ id }) => !others.has(id),
    matchesEvent: ({ type, subject }) => type.startsWith('inspection.') && others.has(subject),
  });
  return still;
}
