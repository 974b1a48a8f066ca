/** Watched registries: settings, polls, tags and their history, arrivals. */
export { recordRemovedDigest } from './apply-tags.ts';
export { withWholeDigest, withWholeReference } from './complete-digest.ts';
export { applyConfigured } from './change-registry.ts';
export {
  countUndecided,
  lockUndecided,
  markDecided,
  placeKey,
  readRegistryPlaces,
  readTagsOf,
  type Place,
  type UndecidedArrival,
} from './decide-arrivals.ts';
export {
  createRegistryLookup,
  localAddress,
  openWatchedRegistry,
  type ClientParts,
  type ConnectionParts,
  type OpenedRegistry,
  type WatchedRegistry,
} from './connection.ts';
export {
  listArrivedDigests,
  readLastArrival,
  recordPull,
  type LastArrival,
  type PlacedImage,
} from './record-pull.ts';
export { knowFromRegistries } from './know-digests.ts';
export { referenceOf } from './inspect-arrivals.ts';
export { createMatcher } from './match-names.ts';
export { recordDeletion } from './record-deletion.ts';
export { recordPush } from './record-push.ts';
export { registriesSlice } from './slice.ts';
export { findByAddress, findInProject, findRegistry, readWatched } from './store.ts';
export { arrivalsChanged, startWatcher } from './watcher.ts';
