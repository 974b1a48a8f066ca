/** What happens to inspections. */
import type { EventKind } from '../core/event-kind.ts';

export const inspectionEvents = {
  'inspection.queued': {
    subject: 'inspection',
    audited: true,
    summary: 'Somebody asked for the inspection of an image',
  },
  'inspection.started': {
    subject: 'inspection',
    audited: false,
    summary: 'An inspection was begun',
  },
  'inspection.finished': {
    subject: 'inspection',
    audited: false,
    summary: 'An inspection reached its end',
  },
  'inspection.failed': {
    subject: 'inspection',
    audited: false,
    summary: 'An inspection came to nothing',
  },
  'inspection.cancelled': {
    subject: 'inspection',
    audited: true,
    summary: 'Somebody cancelled an inspection',
  },
} as const satisfies Record<string, EventKind>;
