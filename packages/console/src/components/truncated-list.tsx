import { Button } from '@mantine/core';
import { type ReactNode, useState } from 'react';

interface TruncatedListProps<T> {
  readonly items: readonly T[];
  readonly children: (shown: readonly T[]) => ReactNode;
  /** Number of items shown first, and added per click. */
  readonly step?: number;
}

/** Shows the first items of a list, and more on demand. */
export function TruncatedList<T>({
  items,
  children,
  step = 100,
}: TruncatedListProps<T>): ReactNode {
  const [count, setCount] = useState(step);
  const rest = items.length - count;
  return (
    <>
      {children(items.slice(0, count))}
      {rest > 0 && (
        <div className="panel-body">
          <Button variant="default" fullWidth onClick={() => setCount(count + step)}>
            Show {Math.min(step, rest).toLocaleString('en')} more ({rest.toLocaleString('en')}{' '}
            remaining)
          </Button>
        </div>
      )}
    </>
  );
}
