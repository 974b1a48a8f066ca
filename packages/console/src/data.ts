/** Queries and mutations on API operations, through TanStack Query. */
import {
  asProblem,
  type Operation,
  type OperationCall,
  type OperationOutput,
  type Page,
} from '@lazaret/protocol';
import { notifications } from '@mantine/notifications';
import {
  keepPreviousData,
  QueryCache,
  QueryClient,
  type InfiniteData,
  useInfiniteQuery,
  type UseInfiniteQueryResult,
  useMutation,
  type UseMutationResult,
  useQuery,
  useQueryClient,
  type UseQueryResult,
} from '@tanstack/react-query';
import { useMemo } from 'react';

import { client } from './client.ts';
import { describeFailure, isTransient, retryAfterMs } from './failure.ts';
import { backOffMs } from './live/back-off.ts';

const retriesMax = 2;
/** A longer delay is shown as an error, with a button to retry. */
const retryDelayMaxMs = 10_000;

export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      if (query.queryKey[0] !== 'sessions.show') refetchSession(error);
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      retry: (count, error) =>
        count < retriesMax && isTransient(error) && retryAfterMs(error) <= retryDelayMaxMs,
      retryDelay: (count, error) => Math.max(backOffMs(count), retryAfterMs(error)),
    },
  },
});

/** Any request with an expired session redirects to the sign-in page. */
export function refetchSession(error: unknown): void {
  if (asProblem(error)?.code !== 'unauthenticated') return;
  void queryClient.resetQueries({ queryKey: ['sessions.show'] });
}

interface ReadOptions {
  readonly enabled?: boolean;
  /** Polling interval in milliseconds. */
  readonly refetchMs?: number | false;
  /** Shows the previous response while the next request is pending. */
  readonly keepPrevious?: boolean;
}

/** Queries an operation; the query key is its name and its parameters. */
export function useOperation<O extends Operation>(
  operation: O,
  call?: OperationCall<O>,
  options: ReadOptions = {},
): UseQueryResult<OperationOutput<O>> {
  return useQuery<OperationOutput<O>>({
    queryKey: [operation.name, call ?? {}],
    queryFn: ({ signal }) => client.call(operation, call, { signal }),
    enabled: options.enabled ?? true,
    refetchInterval: options.refetchMs ?? false,
    ...(options.keepPrevious === true ? { placeholderData: keepPreviousData as never } : {}),
  });
}

export interface PagedList<T> {
  readonly query: UseInfiniteQueryResult<InfiniteData<Page<T>, string | undefined>>;
  /** Items of all loaded pages. */
  readonly items: readonly T[];
}

export type ReadPage<T> = (cursor: { cursor?: string }, signal: AbortSignal) => Promise<Page<T>>;

/** Loads a list page by page, without automatic refetching: rows do not move while being read. */
export function usePages<T>(key: readonly unknown[], read: ReadPage<T>): PagedList<T> {
  const query = useInfiniteQuery<
    Page<T>,
    Error,
    InfiniteData<Page<T>, string | undefined>,
    readonly unknown[],
    string | undefined
  >({
    queryKey: key,
    initialPageParam: undefined,
    queryFn: ({ pageParam, signal }) =>
      read(pageParam === undefined ? {} : { cursor: pageParam }, signal),
    getNextPageParam: (last) => last.next ?? undefined,
    staleTime: 60_000,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  const items = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  return { query, items };
}

interface ActionOptions<O extends Operation> {
  /** Operations to refetch on success. */
  readonly refreshes?: readonly Operation[];
  readonly onDone?: (output: OperationOutput<O>, call: OperationCall<O>) => void;
  /** Notification text on success. */
  readonly successMessage?: string;
  /** The caller displays errors itself. */
  readonly quiet?: boolean;
}

/** Mutation through an operation; errors are shown as a notification unless `quiet`. */
export function useAction<O extends Operation>(
  operation: O,
  options: ActionOptions<O> = {},
): UseMutationResult<OperationOutput<O>, Error, OperationCall<O>> {
  const queries = useQueryClient();
  return useMutation<OperationOutput<O>, Error, OperationCall<O>>({
    mutationFn: (call) => client.call(operation, call),
    onSuccess: (output, call) => {
      for (const { name } of options.refreshes ?? []) {
        void queries.invalidateQueries({ queryKey: [name] });
      }
      if (options.successMessage !== undefined)
        notifications.show({ message: options.successMessage, color: 'sea' });
      options.onDone?.(output, call);
    },
    onError: (error) => {
      refetchSession(error);
      if (options.quiet !== true) notifyFailure(error);
    },
  });
}

export function notifyFailure(error: unknown): void {
  const { title, detail, hint } = describeFailure(error);
  notifications.show({ title, message: `${detail} ${hint}`, color: 'red', autoClose: 8_000 });
}
