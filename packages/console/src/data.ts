/** Reading and changing through operations: TanStack Query with the rows of the protocol. */
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
import { describeFailure, isTransient } from './failure.ts';

const retriesMax = 2;

export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      if (query.queryKey[0] !== 'sessions.show') askAgainWhoThisIs(error);
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      retry: (count, error) => count < retriesMax && isTransient(error),
    },
  },
});

/** A session that ended leads to the sign-in, whatever call noticed it. */
function askAgainWhoThisIs(error: unknown): void {
  if (asProblem(error)?.code !== 'unauthenticated') return;
  void queryClient.resetQueries({ queryKey: ['sessions.show'] });
}

interface ReadOptions {
  readonly enabled?: boolean;
  /** Reads again after so many milliseconds. */
  readonly everyMs?: number | false;
  /** Shows the last answer while the next one for another call is on its way. */
  readonly keepsLast?: boolean;
}

/** Reads an operation; the key is its name and the call. */
export function useOperation<O extends Operation>(
  operation: O,
  call?: OperationCall<O>,
  options: ReadOptions = {},
): UseQueryResult<OperationOutput<O>> {
  return useQuery<OperationOutput<O>>({
    queryKey: [operation.name, call ?? {}],
    queryFn: ({ signal }) => client.call(operation, call, { signal }),
    enabled: options.enabled ?? true,
    refetchInterval: options.everyMs ?? false,
    ...(options.keepsLast === true ? { placeholderData: keepPreviousData as never } : {}),
  });
}

export interface PagedList<T> {
  readonly query: UseInfiniteQueryResult<InfiniteData<Page<T>, string | undefined>>;
  /** Of all pages that were read so far. */
  readonly items: readonly T[];
}

export type ReadPage<T> = (cursor: { cursor?: string }, signal: AbortSignal) => Promise<Page<T>>;

/** Reads a list page by page, and does not read it again by itself: nothing moves while read. */
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
  /** Operations to read again afterwards. */
  readonly refreshes?: readonly Operation[];
  readonly onDone?: (output: OperationOutput<O>, call: OperationCall<O>) => void;
  /** Words for a notification of success. */
  readonly says?: string;
  /** The caller shows the failure itself. */
  readonly quiet?: boolean;
}

/** Changes something by an operation; failures are shown unless the caller shows them. */
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
      if (options.says !== undefined) notifications.show({ message: options.says, color: 'sea' });
      options.onDone?.(output, call);
    },
    onError: (error) => {
      askAgainWhoThisIs(error);
      if (options.quiet !== true) notifyFailure(error);
    },
  });
}

export function notifyFailure(error: unknown): void {
  const { title, detail, hint } = describeFailure(error);
  notifications.show({ title, message: `${detail} ${hint}`, color: 'red', autoClose: 8_000 });
}
