/** Events of jobs. */
import type { EventKind } from '../core/event-kind.ts';

export const jobEvents = {
  'job.submitted': { subject: 'job', audited: true, summary: 'A job was submitted' },
  'job.moved': { subject: 'job', audited: false, summary: 'A job changed its state' },
  'job.finished': { subject: 'job', audited: false, summary: 'A job reached its final state' },
  'job.cancelled': { subject: 'job', audited: true, summary: 'A job was cancelled by a user' },
} as const satisfies Record<string, EventKind>;
