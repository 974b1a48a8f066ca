/** The only door of the package: bytes in, facts out. */
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
export { extractContent } from './extract/extract-content.ts';
export type { ContentPlace, ExtractRequest } from './extract/extract-content.ts';
export { ContentError } from './extract/find-content.ts';
export type { ContentFailureCode, ContentRequest, WantedContent } from './extract/find-content.ts';
export { inspect, inspectTree } from './inspect/inspect.ts';
export type { InspectOptions } from './inspect/inspect.ts';
export type { InspectProgress } from './inspect/progress.ts';
export { inspectImage, thisPlatform } from './inspect/inspect-image.ts';
export type { InspectHooks, InspectRequest, RegistryRequest } from './inspect/inspect-image.ts';
export type { ScannerChoice } from './inspect/scanner-choice.ts';
export { surveyImage } from './inspect/survey-image.ts';
export type { ImageSurvey } from './inspect/survey-image.ts';
export * from './report/index.ts';
export { formatReference, parseReference } from './source/registry/reference.ts';
export { addressOf, isClosedAddress, isLoopback } from './source/registry/address-policy.ts';
export { SharedRates } from './source/registry/request-rate.ts';
export type { RateWindow, RegistryRates } from './source/registry/request-rate.ts';
export { PassingError } from './source/registry/failure.ts';
export { enginePrefix, readSourceWord, registryPrefix } from './source/source-word.ts';
export type { SourceWord } from './source/source-word.ts';
export { SourceError } from './source/image-source.ts';
export type { SourceErrorCode, SourceRemedy } from './source/image-source.ts';
export { importAdvisories } from './vulnerability/import-advisories.ts';
export type { FeedFormat, ImportReport } from './vulnerability/import-advisories.ts';
