/** Quarantined images with their evidence, and actions on registries. */
export { readEffects } from './read-effects.ts';
export { findRemovedTag, readPlaceState, type PlaceState } from './read-place-state.ts';
export { quarantineSlice } from './slice.ts';
export { startActionWorker } from './worker.ts';
