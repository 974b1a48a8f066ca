/** Events of the instance. */
import type { EventKind } from '../core/event-kind.ts';

export const systemEvents = {
  'system.started': { subject: 'host', audited: true, summary: 'Lazaret started' },
  'system.stopped': { subject: 'host', audited: true, summary: 'Lazaret stopped' },
} as const satisfies Record<string, EventKind>;
