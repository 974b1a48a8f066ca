/** Events of policies, exceptions and decisions. */
import type { EventKind } from '../core/event-kind.ts';

export const policyEvents = {
  'decision.recorded': {
    subject: 'decision',
    audited: false,
    summary: 'A policy decided about an image in a registry',
    fields: ['registry', 'verdict', 'action'],
  },
} as const satisfies Record<string, EventKind>;
