/**
 * A list that stays as it was read, so that nothing moves under the reader. What the first page
 * would show by now and the list does not is counted only, until the reader asks for it.
 */
import type { Event, Page } from '@lazaret/protocol';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';

import { type PagedList, type ReadPage, usePages } from '../data.ts';
import { useEvents } from './events.ts';

const pollMs = 10_000;
const settleMs = 400;

export interface StillList<T> extends PagedList<T> {
  /** Of the query that holds the pages. */
  readonly queryKey: readonly unknown[];
  /** Rows that came since the list was read; a page stands for that many or more. */
  readonly newer: number;
  readonly showNewer: () => void;
}

export interface StillSource<T> {
  /** Name of the operation that lists. */
  readonly name: string;
  /** What the list is narrowed to; the same object while it is the same. */
  readonly filter: object;
  readonly read: ReadPage<T>;
  /** Of the row as it is: another stamp is news. */
  readonly stampOf: (row: T) => string;
  /** Whether the event tells of a new row. */
  readonly tells: (event: Event) => boolean;
}

export function useStillList<T>(source: StillSource<T>): StillList<T> {
  const { name, filter, read } = source;
  const queries = useQueryClient();
  const queryKey = useMemo(() => [name, 'pages', filter], [name, filter]);
  const list = usePages(queryKey, read);
  const newer = useNewer(source, list.items);
  const isEmpty = list.query.data !== undefined && list.items.length === 0;
  const showNewer = (): void => void queries.resetQueries({ queryKey });
  useEffect(() => {
    // There is nothing that could move.
    if (isEmpty && newer > 0) void queries.resetQueries({ queryKey });
  }, [isEmpty, newer, queries, queryKey]);
  return { ...list, queryKey, newer: list.items.length === 0 ? 0 : newer, showNewer };
}

function useNewer<T>(source: StillSource<T>, shown: readonly T[]): number {
  const { name, filter, read, stampOf, tells } = source;
  const queries = useQueryClient();
  const [arrivals, setArrivals] = useState(0);
  useEvents((event) => {
    if (tells(event)) setArrivals((count) => count + 1);
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
  const known = new Set(shown.map(stampOf));
  return (data?.items ?? []).filter((row) => !known.has(stampOf(row))).length;
}
