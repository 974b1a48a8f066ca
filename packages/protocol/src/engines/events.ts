/** What happens to engines. */
import type { EventKind } from '../core/event-kind.ts';

export const engineEvents = {
  'engine.added': { subject: 'engine', audited: true, summary: 'An engine got a new revision' },
  'engine.changed': {
    subject: 'engine',
    audited: true,
    summary: 'An engine was enabled, disabled or rolled back',
  },
  'engine.removed': { subject: 'engine', audited: true, summary: 'An engine was removed' },
  'engine.refused': { subject: 'engine', audited: false, summary: 'A manifest was refused' },
} as const satisfies Record<string, EventKind>;
