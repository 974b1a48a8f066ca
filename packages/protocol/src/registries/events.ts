/** Events of registries, tags and arrivals. */
import type { EventKind } from '../core/event-kind.ts';

export const registryEvents = {
  'registry.added': { subject: 'registry', audited: true, summary: 'A registry was added' },
  'registry.changed': {
    subject: 'registry',
    audited: true,
    summary: 'The settings of a registry were changed',
  },
  'registry.removed': { subject: 'registry', audited: true, summary: 'A registry was removed' },
  'registry.checked': {
    subject: 'registry',
    audited: false,
    summary: 'The connection to a registry was checked',
  },
  'tag.appeared': { subject: 'tag', audited: false, summary: 'A tag was seen that was not there' },
  'tag.moved': { subject: 'tag', audited: false, summary: 'A tag points to another digest' },
  'tag.disappeared': {
    subject: 'tag',
    audited: false,
    summary: 'A tag is absent from a complete listing',
  },
  'arrival.recorded': {
    subject: 'arrival',
    audited: false,
    summary: 'A digest reached a watched registry and will be inspected',
  },
} as const satisfies Record<string, EventKind>;
