/** The slice of events: the stream, the audit log, and the delivery loops. */
import type { Slice } from '../slice.ts';
import { eventRoutes, type EventRoutesOptions } from './routes.ts';

export function eventsSlice(options: EventRoutesOptions): Slice {
  return {
    name: 'events',
    routes: eventRoutes(options),
    loops: () => options.outbox.loops,
  };
}
