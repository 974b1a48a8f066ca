/** Events: the append-only outbox, its readers, the audit log and the live streams. */
export { appendEvents, type NewEvent } from './append.ts';
export { createOutbox, type Outbox, type StoredEvent } from './outbox.ts';
export { auditReader, verifyChain } from './audit.ts';
export { eventRoutes } from './routes.ts';
