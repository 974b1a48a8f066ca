/**
 * A list that does not change while it is being read. New items on the first page are only
 * counted until the user loads them.
 */
import type { Event, Page } from '@lazaret/protocol';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useEffectEvent, useMemo, useState } from 'react';

import { type PagedList, type ReadPage, usePages } from '../data.ts';
import { useEvents } from './events.ts';
import { type Pages, replaceRows } from './refresh-rows.ts';

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
  /** Whether the event announces a new row, or a change of one that `updates`. */
  readonly matchesEvent: (event: Event) => boolean;
  /** Rows of the first page change in place while their version stays the same. */
  readonly updates?: boolean;
}

export function useStableList<T>(source: StableListSource<T>): StableList<T> {
  const { name, filter, read } = source;
  const queries = useQueryClient();
  const queryKey = useMemo(() => [name, 'pages', filter], [name, filter]);
  const list = usePages(queryKey, read);
  const latest = useLatest(source, queryKey);
  const known = new Set(list.items.map(source.versionOf));
  const newer = latest.filter((row) => !known.has(source.versionOf(row))).length;
  const isEmpty = list.query.data !== undefined && list.items.length === 0;
  const showNewer = (): void => void queries.resetQueries({ queryKey });
  useEffect(() => {
    // An empty list can be reloaded without moving rows.
    if (isEmpty && newer > 0) void queries.resetQueries({ queryKey });
  }, [isEmpty, newer, queries, queryKey]);
  return { ...list, queryKey, newer: list.items.length === 0 ? 0 : newer, showNewer };
}

/** The first page as it is now. */
function useLatest<T>(source: StableListSource<T>, queryKey: readonly unknown[]): readonly T[] {
  const { name, filter, read, versionOf, matchesEvent, updates } = source;
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
  const update = useEffectEvent((rows: readonly T[]) => {
    const fresh = new Map(rows.map((row) => [versionOf(row), row]));
    queries.setQueryData<Pages<T>>(queryKey, (pages) => replaceRows(pages, fresh, versionOf));
  });
  useEffect(() => {
    if (updates === true && data !== undefined) update(data.items);
  }, [data, updates]);
  return data?.items ?? [];
}
