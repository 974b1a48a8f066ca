/** Quarantined images with their evidence, and actions on registries. */
export { quarantineSlice } from './slice.ts';
export { startActionWorker } from './worker.ts';
