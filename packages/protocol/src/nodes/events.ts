/** Events of nodes. */
import type { EventKind } from '../core/event-kind.ts';

export const nodeEvents = {
  'node.changed': { subject: 'node', audited: false, summary: 'A node went online or offline' },
  'node.scheduling': {
    subject: 'node',
    audited: true,
    summary: 'A node was cordoned or uncordoned',
  },
} as const satisfies Record<string, EventKind>;
