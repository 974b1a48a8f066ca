import { Button } from '@mantine/core';
import type { ReactNode } from 'react';

interface LoadMoreButtonProps {
  readonly query: {
    readonly hasNextPage: boolean;
    readonly isFetchingNextPage: boolean;
    readonly fetchNextPage: () => unknown;
  };
  readonly children: ReactNode;
}

/** Loads the next page of a list, if there is one. */
export function LoadMoreButton({ query, children }: LoadMoreButtonProps): ReactNode {
  if (!query.hasNextPage) return null;
  return (
    <Button
      variant="default"
      loading={query.isFetchingNextPage}
      onClick={() => void query.fetchNextPage()}
    >
      {children}
    </Button>
  );
}
