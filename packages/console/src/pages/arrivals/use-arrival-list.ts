/** The list of arrivals; rows do not move, but those without a verdict are updated. */
import { type Arrival, operations } from '@lazaret/protocol';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useRef } from 'react';

import { client } from '../../client.ts';
import { type Pages, replaceRows } from '../../live/refresh-rows.ts';
import { type StableList, useStableList } from '../../live/stable-list.ts';
import { changesEffect } from '../decisions/effect.tsx';
import { type ArrivalsSearch, toArrivalsQuery } from './filters.ts';

const pageItems = 50;
const refreshMs = 2_000;
const refreshedMax = 20;

export function useArrivalList(search: ArrivalsSearch): StableList<Arrival> {
  const filter = useMemo(() => toArrivalsQuery(search), [search]);
  const { list } = operations.arrivals;
  const still = useStableList<Arrival>({
    name: list.name,
    filter,
    read: (cursor, signal) =>
      client.call(list, { query: { ...filter, ...cursor, limit: pageItems } }, { signal }),
    versionOf: ({ id }) => id,
    matchesEvent: ({ type }) => type === 'arrival.recorded' || changesEffect(type),
    updates: true,
  });
  useRefreshedArrivals(still);
  return still;
}

/** No event announces the verdict of an arrival, so the first rows without one are read again. */
function useRefreshedArrivals({ items, queryKey }: StableList<Arrival>): void {
  const queries = useQueryClient();
  const active = items.filter(({ settledAt }) => settledAt === null).map(({ id }) => id);
  const latest = useRef<readonly string[]>([]);
  useEffect(() => {
    latest.current = active.slice(0, refreshedMax);
  });
  const isActive = active.length > 0;
  useEffect(() => {
    if (!isActive) return undefined;
    const refresh = async (): Promise<void> => {
      if (document.hidden) return;
      const { show } = operations.arrivals;
      const answers = await Promise.allSettled(
        latest.current.map((id) => client.call(show, { params: { id } })),
      );
      const fresh = answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      queries.setQueryData<Pages<Arrival>>(queryKey, (pages) =>
        replaceRows(pages, new Map(fresh.map((row) => [row.id, row])), ({ id }) => id),
      );
    };
    const timer = setInterval(() => void refresh(), refreshMs);
    return () => clearInterval(timer);
  }, [isActive, queries, queryKey]);
}
