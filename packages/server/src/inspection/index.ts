/** Inspections: asynchronous image scans, and their stored results. */
export { countRequested, findOutdated, readScanConfig } from './find-outdated.ts';
export { readImageFacts, type ImageFacts } from './image-facts.ts';
export { createFileReader, type FileReader, type ReadContent } from './file-reader.ts';
export { findContentFacts, findContentFindings, type ContentFacts } from './find-content.ts';
export { knowFromImages, resolveContents } from './know-indicators.ts';
export { startInspector, type Inspector } from './inspector.ts';
export { ImageUnavailableError, withImage, type ImageOpenerParts } from './open-image.ts';
export { openInspectionQueue, type InspectionQueue } from './queue.ts';
export { findImage, findImageDigests, type ImageKey } from './read-images.ts';
export { findReadablePlaces, type ReadablePlace } from './readable-places.ts';
export { readReport } from './read-report.ts';
export { readVerdicts, type ImageVerdict } from './read-verdicts.ts';
export { search } from './search/typed-search.ts';
export { inspectionSlice } from './slice.ts';
export { inspectionPriorities, requestWithin } from './request-inspection.ts';
export { describeRegistries, type RegistryLookup, type SourceSettings } from './source-settings.ts';
export {
  countImagesBefore,
  findImageBytes,
  latestImage,
  listInventory,
  listStoredImages,
  type ImageBytes,
  type InventoryPackage,
  type StoredImage,
} from './stored-images.ts';
export {
  listInspectedImages,
  summarizeInspections,
  worstVerdict,
  type InspectionSummary,
} from './summarize-inspections.ts';
