import { Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';

import { absoluteTime, relativeTime, useNow } from '../time.ts';

const stepMs = 10_000;

/** A moment as its distance from now, the exact time on demand. */
export function When({ at }: { readonly at: string | null }): ReactNode {
  const now = useNow(stepMs);
  if (at === null) return <span className="dim">never</span>;
  return (
    <Tooltip label={absoluteTime(at)}>
      <time dateTime={at} className="nowrap number">
        {relativeTime(at, now)}
      </time>
    </Tooltip>
  );
}
