/** Artifacts: uploads and results as their projects see them. */
export { listArtifacts, listOrigins, recordOrigin } from './by-content.ts';
export { findArtifact, keepUpload } from './keep.ts';
export { artifactRoutes, offerDownload, type ArtifactParts } from './routes.ts';
export { artifactsSlice } from './slice.ts';
