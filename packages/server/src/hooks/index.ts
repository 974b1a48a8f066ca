/** Hooks: push notifications of registries, received, stored and processed. */
export type { SecretPlaces } from './secrets.ts';
export { hooksSlice } from './slice.ts';
export { startProcessing } from './start-processing.ts';
