/** What happens to the instance. */
import type { EventKind } from '../core/event-kind.ts';

export const systemEvents = {
  'system.started': { subject: 'system', audited: true, summary: 'Lazaret started' },
  'system.stopped': { subject: 'system', audited: true, summary: 'Lazaret stopped' },
} as const satisfies Record<string, EventKind>;
