/** Watched registries: settings, polls, tags and their history, arrivals. */
export { applyConfigured } from './change-registry.ts';
export { createRegistryLookup } from './connection.ts';
export { recordPush } from './record-push.ts';
export { registriesSlice } from './slice.ts';
export { findRegistry, readWatched } from './store.ts';
export { startWatcher } from './watcher.ts';
