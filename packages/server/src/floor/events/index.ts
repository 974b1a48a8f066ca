/** Events: the append-only outbox, its readers, the audit log and the live streams. */
export { appendEvents, insertEvents, type NewEvent } from './append.ts';
export { auditReader } from './audit.ts';
export { createOutbox, type Outbox } from './outbox.ts';
export type { EventReader } from './readers.ts';
export { eventsSlice } from './slice.ts';
export type { EventFilter, StoredEvent } from './store.ts';
