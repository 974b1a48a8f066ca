/** Events of artifacts. */
import type { EventKind } from '../core/event-kind.ts';

export const artifactEvents = {
  'artifact.downloaded': {
    subject: 'artifact',
    audited: true,
    summary: 'A sample or a result was downloaded',
  },
  'artifact.previewed': {
    subject: 'artifact',
    audited: true,
    summary: 'A user previewed the content of a sample or a result',
  },
} as const satisfies Record<string, EventKind>;
