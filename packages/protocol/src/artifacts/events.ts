/** Events of artifacts. */
import type { EventKind } from '../core/event-kind.ts';

export const artifactEvents = {
  'artifact.downloaded': {
    subject: 'artifact',
    audited: true,
    summary: 'A sample or a result was downloaded',
  },
} as const satisfies Record<string, EventKind>;
