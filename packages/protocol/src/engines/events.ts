/** Events of engines. */
import type { EventKind } from '../core/event-kind.ts';

export const engineEvents = {
  'engine.added': {
    subject: 'engine',
    audited: true,
    summary: 'An engine or a new revision of it was added',
  },
  'engine.changed': {
    subject: 'engine',
    audited: true,
    summary: 'An engine was enabled, disabled or rolled back',
  },
  'engine.removed': { subject: 'engine', audited: true, summary: 'An engine was removed' },
  'engine.refused': {
    subject: 'manifest',
    audited: false,
    summary: 'A manifest file was rejected',
  },
} as const satisfies Record<string, EventKind>;
