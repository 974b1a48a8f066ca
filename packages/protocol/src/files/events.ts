/** Events of files. */
import type { EventKind } from '../core/event-kind.ts';

export const fileEvents = {
  'file.previewed': {
    subject: 'file',
    audited: true,
    summary: 'A user previewed the content of a file',
  },
  'file.downloaded': {
    subject: 'file',
    audited: true,
    summary: 'A user downloaded a file in an encrypted archive',
  },
  'file.extracted': {
    subject: 'file',
    audited: true,
    summary: 'A file of an image became an artifact',
  },
} as const satisfies Record<string, EventKind>;
