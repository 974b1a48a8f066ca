/** Notifications: targets that are notified of events, and deliveries to them. */
export { applyConfigured } from './change-target.ts';
export { notificationReader } from './queue-events.ts';
export { notificationsSlice } from './slice.ts';
export type { SendParts } from './sender.ts';
export { startSending } from './start-sending.ts';
