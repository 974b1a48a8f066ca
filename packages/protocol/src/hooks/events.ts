/** Events of hooks. */
import type { EventKind } from '../core/event-kind.ts';

export const hookEvents = {
  'hook.added': { subject: 'hook', audited: true, summary: 'A hook was added' },
  'hook.changed': { subject: 'hook', audited: true, summary: 'A hook was changed' },
  'hook.removed': { subject: 'hook', audited: true, summary: 'A hook was removed' },
  'hook.delivery_refused': {
    subject: 'hook',
    audited: true,
    summary: 'Requests to a hook were not authentic; reported at most every ten minutes per hook',
  },
  'hook.dead_lettered': {
    subject: 'hook',
    audited: false,
    summary: 'A notification could not be processed and became a dead letter',
  },
  'hook.replayed': {
    subject: 'hook',
    audited: true,
    summary: 'A notification is processed again on request of a user',
  },
} as const satisfies Record<string, EventKind>;
