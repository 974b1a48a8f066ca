/** For tests: an image builder, a registry harness. */
export { buildImage, buildIndex, describe, digestOf } from './image-builder.ts';
export type { BuiltImage, ImageInput } from './image-builder.ts';
export { loadImages } from './load-images.ts';
export {
  ManualClock,
  amd64,
  buildSample,
  digestLayer,
  digestLayers,
  firstImage,
  useRegistryHarness,
} from './registry-harness.ts';
export { newDockerFiles, packFiles } from './write-image.ts';
export { eicarTestFile } from '../scan/clamav/self-test.ts';
export { startClamd } from './clamd.ts';
export type { TestClamd } from './clamd.ts';
export {
  buildPackages,
  installPackages,
  queryPackages,
} from '../inventory/testing/support/rpm-root.ts';
