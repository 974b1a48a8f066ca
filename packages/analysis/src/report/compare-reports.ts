/** Differences between two reports: packages, files, findings and configuration. */
import { plural } from '@lazaret/protocol';
import type { Incomparability, InspectionReport, ReportDifference } from '@lazaret/protocol';

import { ordinals, type Side } from './comparability.ts';
import { compareConfigs } from './compare-configs.ts';
import { compareFiles } from './compare-files.ts';
import { compareFindings } from './compare-findings.ts';
import { comparePackages } from './compare-packages.ts';
import type { HasContent } from './image-contents.ts';
import { platformText, subjectName } from './report-identity.ts';

/**
 * Linear in both, except for sorting. Content that a later layer hides counts for findings only.
 * `hasContent` answers for reports without files; without it such content counts as unknown.
 */
export function compareReports(
  before: InspectionReport,
  after: InspectionReport,
  hasContent: HasContent = () => undefined,
): ReportDifference {
  const packages = comparePackages(before, after);
  const files = compareFiles(before, after);
  const findings = compareFindings(before, after, hasContent);
  const config = compareConfiguration(before, after);
  return {
    before: describeSide(before),
    after: describeSide(after),
    layers: compareLayers(before, after),
    packages: packages.packages,
    ...(files.files === undefined ? {} : { files: files.files }),
    findings: findings.findings,
    config: config.config,
    notComparable: [
      ...findings.notComparable,
      ...packages.notComparable,
      ...config.notComparable,
      ...files.notComparable,
    ],
    caveats: [
      ...coverageCaveat(before, 'before'),
      ...coverageCaveat(after, 'after'),
      ...versionCaveat(before, after),
    ],
  };
}

function describeSide(report: InspectionReport): ReportDifference['before'] {
  const platform = platformText(report);
  const name = [subjectName(report), ...(platform === undefined ? [] : [platform])].join(' ');
  return { name, fingerprint: report.fingerprint, verdict: report.verdict };
}

function compareLayers(
  before: InspectionReport,
  after: InspectionReport,
): ReportDifference['layers'] {
  const first = before.layers.flatMap(({ diffId }) => diffId ?? []);
  const second = new Set(after.layers.flatMap(({ diffId }) => diffId ?? []));
  const common = new Set(first.filter((diffId) => second.has(diffId))).size;
  return {
    common,
    removed: Math.max(0, before.layers.length - common),
    added: Math.max(0, after.layers.length - common),
  };
}

function compareConfiguration(
  before: InspectionReport,
  after: InspectionReport,
): {
  readonly config: ReportDifference['config'];
  readonly notComparable: readonly Incomparability[];
} {
  const [first, second] = [before, after].map(({ image }) => image?.config !== undefined);
  if (first === second) return { config: compareConfigs(before, after), notComparable: [] };
  const detail = `the ${ordinals[first === true ? 'after' : 'before']} report has no configuration`;
  return {
    config: compareConfigs(withoutConfig(before), withoutConfig(after)),
    notComparable: [{ part: 'configuration', reason: 'not_recorded', detail }],
  };
}

function withoutConfig({ image, ...report }: InspectionReport): InspectionReport {
  if (image === undefined) return report;
  const { config: _, ...rest } = image;
  return { ...report, image: rest };
}

function coverageCaveat({ coverage }: InspectionReport, side: Side): readonly string[] {
  if (coverage.complete) return [];
  return [`partial coverage of the ${ordinals[side]} image (${plural(coverage.gapCount, 'gap')})`];
}

function versionCaveat(before: InspectionReport, after: InspectionReport): readonly string[] {
  const versions = [before.tool.version, after.tool.version];
  if (versions[0] === versions[1]) return [];
  return [
    `inspected with different versions of Lazaret (${versions.join(', ')}), ` +
      'which may detect different packages and files',
  ];
}
