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
export { ArchiveBrowser } from './archive/browse/archive-browser.ts';
export type { ArchiveSource } from './archive/browse/archive-browser.ts';
export { ArchiveError } from './archive/browse/archive-error.ts';
export type { ArchiveErrorCode } from './archive/browse/archive-error.ts';
export { inspect, inspectTree } from './inspection/inspect.ts';
export type { InspectOptions } from './inspection/inspect.ts';
export type { InspectProgress } from './inspection/progress.ts';
export { inspectImage, thisPlatform } from './inspection/inspect-image.ts';
export type { InspectHooks, InspectRequest, RegistryRequest } from './inspection/inspect-image.ts';
export type { ScannerChoice } from './inspection/scanner-choice.ts';
export { surveyImage } from './inspection/survey-image.ts';
export type { ImageSurvey } from './inspection/survey-image.ts';
export * from './report/index.ts';
export { formatReference, parseReference } from '@lazaret/oci';
export { addressOf, isClosedAddress, isLoopback } from '@lazaret/oci';
export { SharedRates } from '@lazaret/oci';
export type { RateWindow, RegistryRates } from '@lazaret/oci';
export { PassingError } from '@lazaret/oci';
export { enginePrefix, readSourceWord, registryPrefix } from './source/source-word.ts';
export type { SourceWord } from './source/source-word.ts';
export { SourceError } from '@lazaret/oci';
export type { SourceErrorCode, SourceRemedy } from '@lazaret/oci';
export { importAdvisories } from './vulnerability/import-advisories.ts';
export type { FeedFormat, ImportReport } from './vulnerability/import-advisories.ts';
