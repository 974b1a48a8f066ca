/** What happens to images. */
import type { EventKind } from '../core/event-kind.ts';

export const imageEvents = {
  'image.inspected': { subject: 'image', audited: true, summary: 'An image got a new report' },
  'image.removed': {
    subject: 'image',
    audited: true,
    summary: 'What was stored of an image was removed',
  },
} as const satisfies Record<string, EventKind>;
