/** Writers of reports in the formats of people and tools. */
export { compareReports } from './compare-reports.ts';
export {
  toCollectorLines,
  toCollectorMetadata,
  toCollectorOutputLines,
  toCollectorPackages,
  type CollectorChange,
  type CollectorMetadata,
  type CollectorOutput,
  type CollectorName,
} from './collector.ts';
export { toCycloneDx, type CycloneDx } from './cyclonedx.ts';
export { readReports, ReportError, reportSchema, toJsonValue } from './json.ts';
export type { ReportOptions } from './report-identity.ts';
export { platformText, severityOrder, subjectName } from './report-identity.ts';
export { toSarif, type SarifLog } from './sarif.ts';
export { toSpdx, type SpdxDocument } from './spdx.ts';
