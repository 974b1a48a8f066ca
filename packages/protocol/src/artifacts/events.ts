/** What happens to artifacts. */
import type { EventKind } from '../core/event-kind.ts';

export const artifactEvents = {
  'artifact.downloaded': {
    subject: 'job',
    audited: true,
    summary: 'Somebody downloaded a sample or a result',
  },
} as const satisfies Record<string, EventKind>;
