/**
 * The jobs list as the page keeps it: pages stay as they were read, so nothing moves under the
 * reader. Rows that are shown are read again when an event names them; newer jobs are counted
 * only, until the reader asks for them.
 */
import { isFinal, type Job, operations, type Page } from '@lazaret/protocol';
import {
  type InfiniteData,
  useInfiniteQuery,
  type UseInfiniteQueryResult,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';

import { client } from '../../client.ts';
import { useEvents } from '../../live/events.ts';
import { useRowRefresh } from '../../live/refresh-rows.ts';
import { type JobSearch, toJobQuery } from './filters.ts';

const pageItems = 50;
const settleMs = 400;
const pollMs = 5_000;

type Pages = InfiniteData<Page<Job>, string | undefined>;

export interface JobList {
  readonly query: UseInfiniteQueryResult<Pages>;
  readonly jobs: readonly Job[];
  /** Jobs that arrived since the list was read. */
  readonly newer: number;
  readonly showNewer: () => void;
}

export function useJobList(search: JobSearch): JobList {
  const filter = useMemo(() => toJobQuery(search), [search]);
  const queryKey = useMemo(() => ['jobs.list', 'pages', filter], [filter]);
  const queries = useQueryClient();
  const query = useInfiniteQuery<Page<Job>, Error, Pages, typeof queryKey, string | undefined>({
    queryKey,
    queryFn: ({ pageParam, signal }) =>
      client.call(
        operations.jobs.list,
        {
          query: {
            ...filter,
            limit: pageItems,
            ...(pageParam === undefined ? {} : { cursor: pageParam }),
          },
        },
        { signal },
      ),
    initialPageParam: undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  const jobs = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  useRowRefresh({
    rows: jobs,
    queryKey,
    read: (id) => client.call(operations.jobs.show, { params: { id } }),
    isOver: ({ state }) => isFinal(state),
    tells: ({ type }) => type === 'job.moved' || type === 'job.finished',
  });
  const newer = useNewer(filter, query.data?.pages[0]);
  return { query, jobs, newer, showNewer: () => void queries.resetQueries({ queryKey }) };
}

/** Counts what is newer than the first row; an empty list is simply read again. */
function useNewer(filter: ReturnType<typeof toJobQuery>, first: Page<Job> | undefined): number {
  const queries = useQueryClient();
  const [arrivals, setArrivals] = useState(0);
  useEvents((event) => {
    if (event.type === 'job.submitted') setArrivals((count) => count + 1);
  });
  const after = first?.items[0]?.id;
  const { data } = useQuery({
    queryKey: ['jobs.count', 'newer', filter, after],
    enabled: after !== undefined,
    staleTime: 0,
    refetchInterval: pollMs,
    queryFn: ({ signal }) =>
      client.call(
        operations.jobs.count,
        { query: { ...filter, ...(after === undefined ? {} : { after }) } },
        { signal },
      ),
  });
  useEffect(() => {
    if (arrivals === 0) return undefined;
    const timer = setTimeout(() => {
      const name = after === undefined ? 'jobs.list' : 'jobs.count';
      void queries.invalidateQueries({ queryKey: [name] });
    }, settleMs);
    return () => clearTimeout(timer);
  }, [arrivals, after, queries]);
  return after === undefined ? 0 : (data?.total ?? 0);
}
