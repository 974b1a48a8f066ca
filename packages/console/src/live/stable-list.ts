/**
 * A list that does not change while it is being read. New items on the first page are only
 * counted until the user loads them.
 */
import type { Event, Page } from '@lazaret/protocol';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';

import { type PagedList, type ReadPage, usePages } from '../data.ts';
import { useEvents } from './events.ts';

const pollMs = 10_000;
const settleMs = 400;

export interface StableList<T> extends PagedList<T> {
  /** Key of the query that holds the pages. */
  readonly queryKey: readonly unknown[];
  /** Number of new rows since the list was loaded; a full page means that many or more. */
  readonly newer: number;
  readonly showNewer: () => void;
}

export interface StableListSource<T> {
  /** Name of the list operation. */
  readonly name: string;
  /** The filter of the list; must be the same object while it is unchanged. */
  readonly filter: object;
  readonly read: ReadPage<T>;
  /** Version of a row; a row with another version counts as new. */
  readonly versionOf: (row: T) => string;
  /** Whether the event announces a new row. */
  readonly matchesEvent: (event: Event) => boolean;
}

export function useStableList<T>(source: StableListSource<T>): StableList<T> {
  const { name, filter, read } = source;
  const queries = useQueryClient();
  const queryKey = useMemo(() => [name, 'pages', filter], [name, filter]);
  const list = usePages(queryKey, read);
  const newer = useNewer(source, list.items);
  const isEmpty = list.query.data !== undefined && list.items.length === 0;
  const showNewer = (): void => void queries.resetQueries({ queryKey });
  useEffect(() => {
    // An empty list can be reloaded without moving rows.
    if (isEmpty && newer > 0) void queries.resetQueries({ queryKey });
  }, [isEmpty, newer, queries, queryKey]);
  return { ...list, queryKey, newer: list.items.length === 0 ? 0 : newer, showNewer };
}

function useNewer<T>(source: StableListSource<T>, shown: readonly T[]): number {
  const { name, filter, read, versionOf, matchesEvent } = source;
  const queries = useQueryClient();
  const [arrivals, setArrivals] = useState(0);
  useEvents((event) => {
    if (matchesEvent(event)) setArrivals((count) => count + 1);
  });
  const { data } = useQuery({
    queryKey: [name, 'newer', filter],
    refetchInterval: pollMs,
    queryFn: ({ signal }): Promise<Page<T>> => read({}, signal),
  });
  useEffect(() => {
    if (arrivals === 0) return undefined;
    const timer = setTimeout(() => {
      void queries.invalidateQueries({ queryKey: [name, 'newer'] });
    }, settleMs);
    return () => clearTimeout(timer);
  }, [arrivals, name, queries]);
  const known = new Set(shown.map(versionOf));
  return (data?.items ?? []).filter((row) => !known.has(versionOf(row))).length;
}
