/** Events of inspections. */
import type { EventKind } from '../core/event-kind.ts';

export const inspectionEvents = {
  'inspection.queued': {
    subject: 'inspection',
    audited: true,
    summary: 'The inspection of an image was requested',
  },
  'inspection.started': {
    subject: 'inspection',
    audited: false,
    summary: 'An inspection started',
  },
  'inspection.finished': {
    subject: 'inspection',
    audited: false,
    summary: 'An inspection finished with a report',
  },
  'inspection.failed': {
    subject: 'inspection',
    audited: false,
    summary: 'An inspection failed',
  },
  'inspection.cancelled': {
    subject: 'inspection',
    audited: true,
    summary: 'An inspection was cancelled by a user',
  },
} as const satisfies Record<string, EventKind>;
