/** Artifacts: uploads and results of projects. */
export { listArtifacts, listOrigins, recordOrigin } from './by-content.ts';
export { storeUpload } from './store-upload.ts';
export {
  findArtifact,
  insertArtifacts,
  isArtifactContent,
  readArtifacts,
  type NewArtifact,
} from './store.ts';
export { artifactRoutes, offerDownload, type ArtifactParts } from './routes.ts';
export { artifactsSlice } from './slice.ts';
