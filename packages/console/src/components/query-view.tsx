import { Skeleton } from '@mantine/core';
import type { ReactNode } from 'react';

import { ProblemNotice } from './notice.tsx';

interface QueryViewProps<T> {
  readonly query: {
    readonly data: T | undefined;
    readonly error: unknown;
    readonly refetch: () => unknown;
  };
  readonly children: (data: T) => ReactNode;
  /** Rows of the loading skeleton. */
  readonly rows?: number;
}

/** Renders a query: loading skeleton, error, or data. */
export function QueryView<T>({ query, children, rows = 4 }: QueryViewProps<T>): ReactNode {
  if (query.data !== undefined) return children(query.data);
  if (query.error !== null && query.error !== undefined) {
    return (
      <div className="panel-body">
        <ProblemNotice error={query.error} retry={() => void query.refetch()} />
      </div>
    );
  }
  return <ListSkeleton rows={rows} />;
}

export function ListSkeleton({ rows }: { readonly rows: number }): ReactNode {
  return (
    <div className="panel-body stack tight" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, index) => (
        <Skeleton key={index} height={22} width={`${96 - ((index * 13) % 30)}%`} radius="sm" />
      ))}
    </div>
  );
}
