/**
 * Updates the rows of a list in place: rows of an event are refetched, or, while the
 * event stream is down, rows that are not final.
 */
import type { Event, Page } from '@lazaret/protocol';
import { type InfiniteData, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';

import { useConnected, useEvents } from './events.ts';

const refreshMs = 400;
const pollMs = 5_000;
const rowsPerRefreshMax = 20;

interface Row {
  readonly id: string;
}

export type Pages<T> = InfiniteData<Page<T>, string | undefined>;

export interface RowSource<T extends Row> {
  readonly rows: readonly T[];
  /** Key of the query that holds the pages. */
  readonly queryKey: readonly unknown[];
  readonly read: (id: string) => Promise<T>;
  readonly isEnded: (row: T) => boolean;
  /** Whether the event announces a change of its subject. */
  readonly matchesEvent: (event: Event) => boolean;
}

export function useRowRefresh<T extends Row>(source: RowSource<T>): void {
  const { queryKey } = source;
  const queries = useQueryClient();
  const connected = useConnected();
  const waiting = useRef(new Set<string>());
  const latest = useRef(source);
  useEffect(() => {
    latest.current = source;
  });

  useEvents((event) => {
    const { matchesEvent, rows } = latest.current;
    if (matchesEvent(event) && rows.some(({ id }) => id === event.subject)) {
      waiting.current.add(event.subject);
    }
  });

  useEffect(() => {
    if (connected) return undefined;
    const timer = setInterval(() => {
      const { rows, isEnded } = latest.current;
      for (const row of rows) if (!isEnded(row)) waiting.current.add(row.id);
    }, pollMs);
    return () => clearInterval(timer);
  }, [connected]);

  useEffect(() => {
    let busy = false;
    const refresh = async (): Promise<void> => {
      const ids = [...waiting.current].slice(0, rowsPerRefreshMax);
      if (ids.length === 0 || busy || document.hidden) return;
      busy = true;
      for (const id of ids) waiting.current.delete(id);
      const answers = await Promise.allSettled(ids.map((id) => latest.current.read(id)));
      busy = false;
      const fresh = new Map<string, T>();
      for (const answer of answers) {
        if (answer.status === 'fulfilled') fresh.set(answer.value.id, answer.value);
      }
      queries.setQueryData<Pages<T>>(queryKey, (data) => replaceRows(data, fresh, ({ id }) => id));
    };
    const timer = setInterval(() => void refresh(), refreshMs);
    return () => clearInterval(timer);
  }, [queries, queryKey]);
}

/** The pages with the fresh rows, by key, in place of the former ones. */
export function replaceRows<T>(
  data: Pages<T> | undefined,
  fresh: ReadonlyMap<string, T>,
  keyOf: (row: T) => string,
): Pages<T> | undefined {
  if (data === undefined) return undefined;
  const pages = data.pages.map((page) => ({
    ...page,
    items: page.items.map((row) => fresh.get(keyOf(row)) ?? row),
  }));
  return { ...data, pages };
}
