/** Events of images. */
import type { EventKind } from '../core/event-kind.ts';

export const imageEvents = {
  'image.inspected': {
    subject: 'image',
    audited: true,
    summary: 'A new report of an image was stored',
    fields: ['verdict'],
  },
  'image.removed': {
    subject: 'image',
    audited: true,
    summary: 'The stored report of an image was removed',
  },
} as const satisfies Record<string, EventKind>;
