/** Quarantined images with their evidence, and actions on registries. */
export { readPlaceState, type PlaceState } from './item-store.ts';
export { quarantineSlice } from './slice.ts';
export { startActionWorker } from './worker.ts';
