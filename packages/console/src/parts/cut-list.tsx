import { Button } from '@mantine/core';
import { type ReactNode, useState } from 'react';

interface CutListProps<T> {
  readonly items: readonly T[];
  readonly children: (shown: readonly T[]) => ReactNode;
  /** How many at first, and how many more at each press. */
  readonly step?: number;
}

/** Shows the first of a list that is here as a whole, and more on demand. */
export function CutList<T>({ items, children, step = 100 }: CutListProps<T>): ReactNode {
  const [count, setCount] = useState(step);
  const rest = items.length - count;
  return (
    <>
      {children(items.slice(0, count))}
      {rest > 0 && (
        <div className="panel-body">
          <Button variant="default" fullWidth onClick={() => setCount(count + step)}>
            Show {Math.min(step, rest).toLocaleString('en')} of {rest.toLocaleString('en')} more
          </Button>
        </div>
      )}
    </>
  );
}
