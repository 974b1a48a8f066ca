/** What the commands about images ask of the analysis package, and what it tells meanwhile. */
import type { InspectHooks, InspectProgress, InspectRequest } from '@lazaret/analysis';
import type { InspectionReport } from '@lazaret/protocol';

/** Answers a report for each selected platform; throws what a source says when it cannot give. */
export type InspectImage = (
  request: InspectRequest,
  hooks: InspectHooks,
) => Promise<readonly InspectionReport[]>;

/** A layer's stored bytes make a bar, where they are told. */
export type ShownProgress = InspectProgress & {
  readonly doneBytes?: number;
  readonly totalBytes?: number;
};
