/** Events of the pull gate. */
import type { EventKind } from '../core/event-kind.ts';

export const gateEvents = {
  'pull.denied': {
    subject: 'reference',
    audited: false,
    summary: 'The gate denied a pull; repeated ones are counted in the next event',
  },
  'pull.held': {
    subject: 'reference',
    audited: false,
    summary: 'The gate held a pull, because the image was not decided in time',
  },
  'pull.bypassed': {
    subject: 'reference',
    audited: true,
    summary: 'The gate let pulls pass without a decision, because decisions were unavailable',
  },
  'admission.denied': {
    subject: 'reference',
    audited: false,
    summary: 'The gate denied a workload of a cluster because of an image',
  },
} as const satisfies Record<string, EventKind>;
