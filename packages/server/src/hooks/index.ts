/** Hooks: push notifications of registries, received, stored and processed. */
export { applyConfigured } from './apply-configured.ts';
export { checkNotifications } from './check-notifications.ts';
export { hooksSlice } from './slice.ts';
export { startProcessing } from './start-processing.ts';
