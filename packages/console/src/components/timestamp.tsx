import { Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';

import { absoluteTime, relativeTime, useNow } from '../time.ts';

const stepMs = 10_000;

interface TimestampProps {
  readonly at: string | null;
  /** Text if there is no time. */
  readonly missing?: string;
}

/** A relative time, with the exact time as tooltip. */
export function Timestamp({ at, missing = 'never' }: TimestampProps): ReactNode {
  const now = useNow(stepMs);
  if (at === null) return <span className="dim">{missing}</span>;
  return (
    <Tooltip label={absoluteTime(at)}>
      <time dateTime={at} className="nowrap number">
        {relativeTime(at, now)}
      </time>
    </Tooltip>
  );
}
