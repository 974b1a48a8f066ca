/** Engines: manifests from a directory or the API, their revisions, images and parameters. */
export { createEngines, type Engines, type RunnableEngine } from './engines.ts';
export { parseManifest } from './parse-manifest.ts';
export { engineRoutes } from './routes.ts';
