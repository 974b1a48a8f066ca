/** Engines: manifests from a directory or the API, their revisions, images and parameters. */
export { type Engines, type RunnableEngine } from './engines.ts';
export { parseManifest } from './parse-manifest.ts';
export { enginesSlice, type EnginesSlice } from './slice.ts';
