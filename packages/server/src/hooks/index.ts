/** Hooks: push notifications of registries, received, stored and processed. */
export { hooksSlice } from './slice.ts';
export { startProcessing } from './start-processing.ts';
