/**
 * The job list: loaded pages do not change, so that rows do not move while being read. Visible
 * rows are refetched on their events; newer jobs are only counted until the user loads them.
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
import { filterOf, type JobSearch, toJobQuery } from './filters.ts';

const pageItems = 50;
const settleMs = 400;
const pollMs = 5_000;

type Pages = InfiniteData<Page<Job>, string | undefined>;

export interface JobList {
  readonly query: UseInfiniteQueryResult<Pages>;
  readonly jobs: readonly Job[];
  /** Number of new jobs since the list was loaded. */
  readonly newer: number;
  readonly showNewer: () => void;
}

export function useJobList(search: JobSearch): JobList {
  const filter = useMemo(() => toJobQuery(filterOf(search)), [search]);
  const { sort = 'createdAt', order = 'desc' } = search;
  const queryKey = useMemo(
    () => ['jobs.list', 'pages', filter, sort, order],
    [filter, sort, order],
  );
  const queries = useQueryClient();
  const query = useInfiniteQuery<Page<Job>, Error, Pages, typeof queryKey, string | undefined>({
    queryKey,
    queryFn: ({ pageParam, signal }) =>
      client.call(
        operations.jobs.list,
        {
          query: {
            ...filter,
            sort,
            order,
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
    isEnded: ({ state }) => isFinal(state),
    matchesEvent: ({ type }) => type === 'job.moved' || type === 'job.finished',
  });
  const newer = useNewer(filter, query.data?.pages[0]);
  // Only in order of submission all new jobs are above the first row.
  const isNewestFirst = sort === 'createdAt' && order === 'desc';
  return {
    query,
    jobs,
    newer: isNewestFirst ? newer : 0,
    showNewer: () => void queries.resetQueries({ queryKey }),
  };
}

/** Counts jobs newer than the first row; an empty list is reloaded. */
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
