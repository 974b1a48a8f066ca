/**
 * The one place where the commands about images meet the analysis package. It is loaded when one
 * of them runs, so that the others start without it.
 */
import type { InspectionReport, ReportDifference } from '@lazaret/protocol';

import type { Shell } from '../command.ts';
import { Failure } from '../failure.ts';
import type { InspectImage } from './inspect-request.ts';

interface WriterOptions {
  readonly timestamp?: string;
  readonly files?: boolean;
}

/** What the commands use of the package. */
export interface AnalysisDoor {
  toCycloneDx(report: InspectionReport, options: WriterOptions): unknown;
  toSpdx(report: InspectionReport, options: WriterOptions): unknown;
  toSarif(reports: readonly InspectionReport[], options: WriterOptions): unknown;
  toJsonValue(reports: readonly InspectionReport[]): unknown;
  /** Throws an error with `fields` for what is no report. */
  readReports(value: unknown): readonly InspectionReport[];
  reportSchema(): unknown;
  compareReports(before: InspectionReport, after: InspectionReport): ReportDifference;
  inspectImage: InspectImage;
}

export async function openAnalysis(): Promise<AnalysisDoor> {
  const analysis: unknown = await import('@lazaret/analysis');
  return analysis as AnalysisDoor;
}

/** The inspection itself: that of the shell, or that of the package. */
export async function openInspection(shell: Shell): Promise<InspectImage> {
  if (shell.inspectImage !== undefined) return shell.inspectImage;
  const { inspectImage }: Partial<AnalysisDoor> = await openAnalysis();
  if (inspectImage === undefined) throw new Failure('this build cannot inspect images');
  return inspectImage;
}
