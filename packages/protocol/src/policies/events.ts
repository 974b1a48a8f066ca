/** Events of policies, exceptions and decisions. */
import type { EventKind } from '../core/event-kind.ts';

export const policyEvents = {
  'policy.applied': {
    subject: 'policy',
    audited: true,
    summary: 'A policy is in force, new or in another version',
  },
  'policy.refused': {
    subject: 'manifest',
    audited: false,
    summary: 'A policy file is not valid; the last good version stays in force',
  },
  'policy.removed': { subject: 'policy', audited: true, summary: 'A policy was removed' },
  'exception.added': { subject: 'exception', audited: true, summary: 'An exception was added' },
  'exception.imported': {
    subject: 'project',
    audited: true,
    summary: 'A VEX document was read as exceptions',
  },
  'exception.removed': {
    subject: 'exception',
    audited: true,
    summary: 'An exception was removed before its expiry',
  },
  'policy.rejudged': {
    subject: 'project',
    audited: false,
    summary: 'The stored images were judged again after a change of policies or exceptions',
  },
  'decision.recorded': {
    subject: 'decision',
    audited: false,
    summary: 'A policy decided about an image in a registry',
    fields: ['registry', 'verdict', 'action'],
  },
} as const satisfies Record<string, EventKind>;
