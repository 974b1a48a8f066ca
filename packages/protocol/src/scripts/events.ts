/** Events of collector scripts. */
import type { EventKind } from '../core/event-kind.ts';

export const scriptEvents = {
  'script.added': { subject: 'script', audited: true, summary: 'A collector script was added' },
  'script.changed': {
    subject: 'script',
    audited: true,
    summary: 'Content or settings of a collector script were changed',
  },
  'script.removed': { subject: 'script', audited: true, summary: 'A collector script was removed' },
  'script.refused': {
    subject: 'manifest',
    audited: false,
    summary: 'A file in the directory of scripts was refused',
  },
  'script.paused': { subject: 'host', audited: true, summary: 'Runs of scripts were paused' },
  'script.resumed': { subject: 'host', audited: true, summary: 'Runs of scripts were resumed' },
  'script.completed': {
    subject: 'image',
    audited: false,
    summary: 'A collector script ran to its end in an image',
  },
  'script.failed': {
    subject: 'image',
    audited: false,
    summary: 'A collector script reached a limit, failed or could not run in an image',
  },
  'script.disagreed': {
    subject: 'image',
    audited: false,
    summary: 'Packages that a script found in an image differ from the inventory',
  },
} as const satisfies Record<string, EventKind>;
