/** Public entry point of the package: bytes in, facts out. */
export { readTar } from './archive/read-tar.ts';
export { writeTar } from './archive/write-tar.ts';
export type { TarInput } from './archive/write-tar.ts';
export { TarError } from './archive/tar-entry.ts';
export type {
  TarEntry,
  TarEntryType,
  TarErrorCode,
  TarLimits,
  TarOptions,
} from './archive/tar-entry.ts';
export { exportImage } from './extract/export-image.ts';
export type { ExportedImage, ExportedLayer, ExportRequest } from './extract/export-image.ts';
export { extractContent } from './extract/extract-content.ts';
export type { ContentPlace, ExtractRequest } from './extract/extract-content.ts';
export { ContentError } from './extract/find-content.ts';
export type { ContentFailureCode, ContentRequest, WantedContent } from './extract/find-content.ts';
export { ArchiveBrowser } from './archive/browse/archive-browser.ts';
export type { ArchiveSource } from './archive/browse/archive-browser.ts';
export { ArchiveError } from './archive/browse/archive-error.ts';
export type { ArchiveErrorCode } from './archive/browse/archive-error.ts';
export { checkArchiveStart } from './source/archive-start.ts';
export type { FileBytes } from './source/file-bytes.ts';
export { inspect, inspectTree } from './inspection/inspect.ts';
export type { InspectOptions } from './inspection/inspect.ts';
export { LayerThreads } from './inspection/layers/layer-threads.ts';
export type { InspectProgress } from './inspection/layers/progress.ts';
export {
  inspectImage,
  credentialFiles,
  registryOptions,
  thisPlatform,
} from './inspection/inspect-image.ts';
export type {
  InspectHooks,
  InspectRequest,
  OpenRequest,
  RegistryRequest,
} from './inspection/inspect-image.ts';
export type { GivenScannerSettings } from './scan/scanner-module.ts';
export { resolveImage } from './inspection/resolve-image.ts';
export type { ImageResolution, ResolvedImage } from './inspection/resolve-image.ts';
export * from './report/index.ts';
export { formatReference, parseReference } from '@lazaret/oci';
export { addressOf, isPrivateAddress, isLoopback } from '@lazaret/oci';
export { SharedRates } from '@lazaret/oci';
export type { RegistryRates } from '@lazaret/oci';
export { TransientError } from '@lazaret/oci';
export { enginePrefix, parseSourceSpec, registryPrefix } from './source/source-spec.ts';
export type { SourceSpec } from './source/source-spec.ts';
export { SourceError } from '@lazaret/oci';
export type { SourceErrorCode, SourceRemedy } from '@lazaret/oci';
export { importAdvisories } from './vulnerability/import-advisories.ts';
export type { FeedFormat, ImportReport } from './vulnerability/import-advisories.ts';
export { describeScanners } from './scan/describe-scanners.ts';
export type { ScannerState } from './scan/describe-scanners.ts';
export { listEcosystems } from './inventory/list-ecosystems.ts';
export type { ListedEcosystem, ListedReader } from './inventory/list-ecosystems.ts';
export { compareVersions } from './vulnerability/versions/compare-versions.ts';
