/** A report as text: the summary first, then findings, then the requested lists. */
import {
  plural,
  formatDuration,
  formatSize,
  notChecked,
  otherPlatforms,
  sourceWarnings,
  scannedThing,
  type InspectionReport,
  type NotChecked,
  type PlacedPackage,
  type ScannerCoverage,
} from '@lazaret/protocol';

import { cliLimits } from '../limits.ts';
import type { RowOptions } from './aligned-rows.ts';
import { formatMoment, formatSeverityCounts } from './cell.ts';
import { formatFacts, type FactRow } from './fact-rows.ts';
import { formatFiles, formatFindings, formatPackages } from './inspection-sections.ts';
import { formatGap, formatCounts, verdictStyles, verdictLabels } from './inspection-labels.ts';
import { visibleLine } from './visible-text.ts';

export interface ReportPageOptions extends RowOptions {
  /** Which lists follow the summary completely. */
  readonly sections: {
    readonly packages: boolean;
    readonly files: boolean;
    readonly findings: boolean;
  };
  /** How long the inspection took; unknown for a saved report. */
  readonly tookMs: number | undefined;
  /** The value of `--scanners`, if it was given. */
  readonly chosenScanners?: readonly string[] | undefined;
}

/** Everything from the image is untrusted and escaped. */
export function formatReportPage(report: InspectionReport, options: ReportPageOptions): string {
  const { sections, tookMs } = options;
  const parts = [
    formatSummary(
      report,
      {
        packages: packagesOf(report.packages),
        findings: findingsOf(report),
        notes: notesOf(report, options),
        more: [['Took', list(tookMs === undefined ? undefined : formatDuration(tookMs))]],
      },
      options,
    ),
    formatFindings(report, { ...options, whole: sections.findings }),
    ...(sections.packages ? [formatPackages(report, options)] : []),
    ...(sections.files ? [formatFiles(report, options)] : []),
  ];
  return parts.join('');
}

/** Worst first. */
const verdictOrder = ['malicious', 'suspicious', 'incomplete', 'unscanned', 'clean'] as const;

/** Below several pages: the most severe verdict, which decides the exit code. */
export function formatOverall(reports: readonly InspectionReport[], { style }: RowOptions): string {
  const counts = verdictOrder
    .map(
      (state) => [state, reports.filter(({ verdict }) => verdict.state === state).length] as const,
    )
    .filter(([, count]) => count > 0);
  const [worst] = counts;
  if (worst === undefined) return '';
  const summary = counts.map(([state, count]) => `${count} ${state}`).join(', ');
  const word = style(verdictStyles[worst[0]], worst[0].toUpperCase());
  return `All ${reports.length} images: ${word}  ${summary}\n`;
}

/** What was not looked for, and how to look for it. */
function notesOf(
  report: InspectionReport,
  { chosenScanners }: Pick<ReportPageOptions, 'chosenScanners'>,
): readonly string[] {
  const notes = notChecked(report);
  if (chosenScanners !== undefined) {
    const chosen = `--scanners ${chosenScanners.join(',')}`;
    if (chosenScanners.includes('none')) {
      return [`scanning disabled by ${chosen}; neither malware nor vulnerabilities were checked`];
    }
    return notes.map(({ what }) => `${what} not checked: excluded by ${chosen}`);
  }
  return notes.map(({ what }) => `${what} not checked: ${notCheckedHints[what]}`);
}

const notCheckedHints: Readonly<Record<NotChecked['what'], string>> = {
  malware: 'no malware scanner configured; add --clamd or --yara-rules',
  vulnerabilities: 'no advisory database; add --vulnerability-db FILE',
};

/** The common fields of a report and a stored image. */
export type Summarized = Pick<
  InspectionReport,
  | 'source'
  | 'image'
  | 'distribution'
  | 'layers'
  | 'special'
  | 'unowned'
  | 'diagnostics'
  | 'coverage'
  | 'verdict'
>;

export interface SummaryWords {
  readonly packages: string;
  readonly findings: string;
  readonly notes?: readonly string[];
  /** Rows below the others, a label and its lines. */
  readonly more: readonly FactRow[];
}

/** Name, verdict and one row for each fact of the summary. */
export function formatSummary(about: Summarized, words: SummaryWords, options: RowOptions): string {
  const { style } = options;
  const title = style('bold', visibleLine(about.image?.names[0] ?? about.source.reference));
  const { state, reasons } = about.verdict;
  const verdict = `${style(verdictStyles[state], state.toUpperCase())}  ${verdictLabels[state]}`;
  const notes = words.notes ?? [];
  const parts = [
    `${title}\n${verdict}\n`,
    // the label of `unscanned` says the reason already
    ...(state === 'unscanned' ? [] : reasons.map((reason) => `  ${visibleLine(reason)}\n`)),
    ...notes.map((note) => `${style('yellow', 'note:')} ${note}\n`),
    '\n',
    formatFacts(summaryRows(about, words), options),
  ];
  return parts.join('');
}

function summaryRows(
  report: Summarized,
  { packages, findings, more }: SummaryWords,
): readonly FactRow[] {
  const { image, source, distribution } = report;
  return [
    ['Source', [`${source.kind} ${visibleLine(source.reference)}`]],
    ['Notes', sourceWarnings(report).map(({ detail }) => detail)],
    ['OCI artifact', list(image?.artifactType)],
    ['Digest', list(image?.manifestDigest)],
    ['Platform', list(platformOf(report))],
    ['Not inspected', othersOf(report)],
    ['Created', list(createdOf(report))],
    ['System', list(distribution?.prettyName ?? distribution?.id)],
    [image?.artifactType === undefined ? 'Layers' : 'Blobs', list(layersOf(report))],
    ['Entries', [entriesOf(report)]],
    ['Packages', [packages]],
    ['Runs', list(runsOf(report))],
    ['Unowned', list(unownedOf(report))],
    ['Special', list(formatCounts(report.special.flatMap(({ reasons }) => reasons)))],
    ['Findings', [findings]],
    ['Scanners', scannersOf(report)],
    ['Coverage', coverageOf(report)],
    ...more,
  ];
}

function list(text: string | undefined): readonly string[] {
  return text === undefined || text === '' ? [] : [text];
}

function platformOf({ image }: Summarized): string | undefined {
  const { os, architecture, variant } = image?.platform ?? {};
  return [os, architecture, variant].filter((part) => part !== undefined).join('/');
}

/** The other images of the index, which were not inspected. */
function othersOf(report: Summarized): readonly string[] {
  const others = otherPlatforms(report);
  if (others.length === 0) return [];
  const shown = others.slice(0, cliLimits.platformsShown).map(({ detail, digest, sizeBytes }) => {
    const size = sizeBytes === undefined ? '' : `, a manifest of ${formatSize(sizeBytes)}`;
    return `${detail}${digest === undefined ? '' : `: ${digest}`}${size}`;
  });
  const more = others.length - shown.length;
  const rest = more === 0 ? '' : `and ${more} more; `;
  return [...shown, `${rest}use --all-platforms to inspect all of them`];
}

/** As other times are shown; an invalid one as the image has it. */
function createdOf({ image }: Summarized): string | undefined {
  const created = image?.config?.created;
  const at = Date.parse(created ?? '');
  return Number.isNaN(at) ? created : formatMoment(at);
}

/** Files, directories and links of all layers, also hidden ones. */
function entriesOf({ coverage: { files, bytes } }: Summarized): string {
  return bytes > 0 ? `${files}, ${formatSize(bytes)}` : String(files);
}

function layersOf({ image, layers, coverage }: Summarized): string | undefined {
  if (image === undefined || layers.length === 0) return undefined;
  const storedBytes = layers.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0);
  const stored = storedBytes > 0 ? `, ${formatSize(storedBytes)} stored` : '';
  const { examined, cached, partial, missing } = coverage.layers;
  const states = [
    [examined, 'examined'],
    [cached, 'cached'],
    [partial, 'partial'],
    [missing, 'missing'],
  ] as const;
  const summary = states.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  return `${layers.length}${stored}${summary.length === 0 ? '' : `: ${summary.join(', ')}`}`;
}

function packagesOf(packages: readonly PlacedPackage[]): string {
  const hidden = packages.filter(({ hiddenBy }) => hiddenBy !== undefined).length;
  const shown = packages.filter(({ hiddenBy }) => hiddenBy === undefined);
  const types = formatCounts(shown.map(({ type }) => type));
  const more = hidden === 0 ? '' : `; ${hidden} more hidden by later layers`;
  return `${shown.length}${types === '' ? '' : `: ${types}`}${more}`;
}

function runsOf({ image }: Summarized): string | undefined {
  if (image?.config === undefined) return undefined;
  const { user, entrypoint = [], cmd = [] } = image.config;
  const command = [...entrypoint, ...cmd].join(' ');
  const who = user === undefined || user === '' ? 'root' : user;
  return command === '' ? `as ${who}` : `${command} as ${who}`;
}

function unownedOf({ unowned }: Summarized): string | undefined {
  if (unowned === undefined || unowned.count === 0) return undefined;
  return `${plural(unowned.count, 'file')} not owned by any package`;
}

function findingsOf({ findings }: InspectionReport): string {
  if (findings.length === 0) return 'none';
  const hidden = findings.filter(({ hiddenBy }) => hiddenBy !== undefined).length;
  const summary = formatSeverityCounts(
    (one) => findings.filter((finding) => finding.severity === one).length,
  );
  return `${summary}${hidden === 0 ? '' : `; ${hidden} of them hidden by later layers`}`;
}

/** Twelve digits are enough to distinguish two digests. */
const longDigest = /\b([0-9a-f]{12})[0-9a-f]{20,}\b/g;

function scannersOf({ coverage }: Summarized): readonly string[] {
  if (coverage.scanners.length === 0) return ['none'];
  return coverage.scanners.map((one) => {
    const made = one.signaturesAt === undefined ? '' : ` of ${one.signaturesAt.slice(0, 10)}`;
    const thing = scannedThing(one);
    const things = (count: number): string => plural(count, thing);
    const problems = [
      ...(one.healthy ? [] : ['unhealthy']),
      ...(one.partial === 0 ? [] : [`${things(one.partial)} partially`]),
      ...(one.failed === 0 ? [] : [`${things(one.failed)} failed`]),
    ];
    const cached = one.cached === 0 ? '' : `, ${one.cached} cached`;
    // those that it failed at count as examined
    const whole = Math.max(0, one.examined - one.partial - one.failed);
    const examined = `${things(whole)} examined${cached}`;
    const signatures = one.signatures.replaceAll(longDigest, '$1');
    const about = `${one.scanner}: ${one.engine}, signatures ${signatures}${made}`;
    return [about, ...feedsOf(one), examined, ...problems].join('; ');
  });
}

const feedsShown = 5;

/** Groups feeds by the day of their import. */
function feedsOf({ feeds = [] }: ScannerCoverage): readonly string[] {
  const days = Map.groupBy(feeds, ({ importedAt }) => importedAt.slice(0, 10));
  return [...days].map(([day, group]) => {
    const names = group
      .slice(0, feedsShown)
      .map(({ feed, newestAt }) =>
        newestAt === undefined ? feed : `${feed} up to ${newestAt.slice(0, 10)}`,
      );
    const more = group.length > feedsShown ? [`${group.length - feedsShown} more`] : [];
    return `imported ${day}: ${[...names, ...more].join(', ')}`;
  });
}

function coverageOf({ coverage }: Summarized): readonly string[] {
  const { complete, gaps, gapCount } = coverage;
  if (complete && gapCount === 0) return ['complete'];
  const more = gapCount - Math.min(cliLimits.gapsShown, gaps.length);
  return [
    complete ? 'complete, with notes' : `partial: ${plural(gapCount, 'gap')}`,
    ...gaps.slice(0, cliLimits.gapsShown).map(formatGap),
    ...(more > 0 ? [`and ${more} more; --output json lists them`] : []),
  ];
}
