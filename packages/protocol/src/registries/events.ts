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
  'tag.appeared': {
    subject: 'tag',
    audited: false,
    summary: 'A tag was seen that was not there',
    fields: ['registry'],
  },
  'tag.moved': {
    subject: 'tag',
    audited: false,
    summary: 'A tag points to another digest',
    fields: ['registry'],
  },
  'tag.disappeared': {
    subject: 'tag',
    audited: false,
    summary: 'A tag is absent from a complete listing',
    fields: ['registry'],
  },
  'arrival.recorded': {
    subject: 'arrival',
    audited: false,
    summary: 'A digest reached a watched registry and will be inspected',
    fields: ['registry'],
  },
  'arrival.inspected': {
    subject: 'arrival',
    audited: false,
    summary: 'What reached a watched registry was inspected',
    fields: ['registry', 'verdict'],
  },
  'arrival.failed': {
    subject: 'arrival',
    audited: false,
    summary: 'What reached a watched registry could not be inspected, wholly or in part',
    fields: ['registry', 'verdict'],
  },
} as const satisfies Record<string, EventKind>;
