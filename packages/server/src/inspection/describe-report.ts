/** The fields of a report for the list of images. Pure. */
import { limits, type InspectionReport } from '@lazaret/protocol';
import { platformText, severityOrder } from '@lazaret/analysis';

import { packStorable, storable } from '../floor/storable.ts';

export interface ReportFacts {
  readonly platform: string | null;
  readonly distribution: string | null;
  readonly verdict: string;
  readonly layer_count: number;
  readonly package_count: number;
  readonly file_count: number;
  /** In the order of severities. */
  readonly finding_counts: number[];
  readonly size_bytes: number;
  /** JSON of the report without its long lists. */
  readonly summary: string;
}

export function describeReport(report: InspectionReport): ReportFacts {
  const { distribution, findings } = report;
  const { packages: _, files: __, findings: ___, ...rest } = report;
  const cut = <T>(list: readonly T[]): T[] => list.slice(0, limits.imageListItems);
  const summary = {
    ...rest,
    users: cut(rest.users),
    passwords: cut(rest.passwords),
    groups: cut(rest.groups),
    diagnostics: cut(rest.diagnostics),
    special: cut(rest.special),
  };
  const platform = platformText(report);
  const name = distribution?.prettyName ?? distribution?.id;
  return {
    platform: platform === undefined ? null : storable(platform),
    distribution: name === undefined ? null : storable(name),
    verdict: report.verdict.state,
    layer_count: report.layers.length,
    package_count: report.packages.filter(({ hiddenBy }) => hiddenBy === undefined).length,
    file_count: report.coverage.files,
    finding_counts: severityOrder.map(
      (each) => findings.filter(({ severity }) => severity === each).length,
    ),
    size_bytes: report.layers.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0),
    summary: packStorable(summary),
  };
}
