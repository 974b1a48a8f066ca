/** Events of the quarantine and of actions on registries. */
import type { EventKind } from '../core/event-kind.ts';

export const quarantineEvents = {
  'image.quarantined': {
    subject: 'image',
    audited: true,
    summary: 'The evidence of an image was stored, and the image was taken out of its registry',
  },
  'image.released': {
    subject: 'image',
    audited: true,
    summary: 'A quarantined image was put back into its registry',
  },
  'image.purged': {
    subject: 'image',
    audited: true,
    summary: 'The evidence of a quarantined image was given up',
  },
  'image.verdict_attached': {
    subject: 'image',
    audited: true,
    summary: 'The verdict on an image was attached to it in its registry',
  },
  'action.proposed': {
    subject: 'action',
    audited: true,
    summary: 'A policy asked for an action on a registry that a person has to approve',
  },
  'action.approved': {
    subject: 'action',
    audited: true,
    summary: 'An action on a registry may run: a person asked for it or approved it, or a policy',
  },
  'action.rejected': {
    subject: 'action',
    audited: true,
    summary: 'A person rejected a proposed action',
  },
  'action.finished': {
    subject: 'action',
    audited: true,
    summary: 'An action on a registry ended',
  },
  'action.failed': {
    subject: 'action',
    audited: true,
    summary: 'An action on a registry failed and is not retried',
  },
} as const satisfies Record<string, EventKind>;
