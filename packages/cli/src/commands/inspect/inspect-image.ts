/** The calls of the analysis package, and the display of its progress. */
import type { InspectHooks, InspectProgress, InspectRequest } from '@lazaret/analysis';
import type { InspectionReport } from '@lazaret/protocol';

/** Returns a report for each selected platform; throws the error of the source. */
export type InspectImage = (
  request: InspectRequest,
  hooks: InspectHooks,
) => Promise<readonly InspectionReport[]>;

/** With the stored bytes of a layer a progress bar can be drawn. */
export type ShownProgress = InspectProgress & {
  readonly doneBytes?: number;
  readonly totalBytes?: number;
};
