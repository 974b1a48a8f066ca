import { formatDuration } from '@lazaret/protocol';
import type { ReactNode } from 'react';

import { spanMs, useNow } from '../time.ts';

interface DurationProps {
  readonly span: { readonly startedAt: string | null; readonly finishedAt: string | null };
}

/** Duration from start to finish, or until now. */
export function Duration({ span: { startedAt, finishedAt } }: DurationProps): ReactNode {
  const now = useNow();
  if (startedAt === null) return <span className="dim">–</span>;
  const ms = spanMs(startedAt, finishedAt ?? new Date(now).toISOString());
  return (
    <span className="number nowrap">{ms === null ? '–' : formatDuration(Math.max(ms, 1))}</span>
  );
}
