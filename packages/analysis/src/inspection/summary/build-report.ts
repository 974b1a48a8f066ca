/** Builds the report of an inspection from the records of layers. Pure. */
import { createHash } from 'node:crypto';

import { fromSource, judge, notCheckedDiagnostics, severityOfReason } from '@lazaret/protocol';
import type {
  Diagnostic,
  Fact,
  Finding,
  Gap,
  InspectionReport,
  PlacedFile,
  PlacedFinding,
  DiagnosticFact,
  SourceDiagnostic,
} from '@lazaret/protocol';

import { analysisLimits } from '../../limits.ts';
import type { MatchAnswer } from '../../vulnerability/advisory-coverage.ts';
import {
  collectPackages,
  findDistribution,
  findOwned,
  findUnowned,
  foldLayers,
} from './collect-packages.ts';
import { collectSpecial } from './collect-special.ts';
import { foldNested } from './fold-nested.ts';

import { hiddenFiles, placeRecords } from './place-records.ts';
import type { LayerRecords, Placed, PlacedRecords } from './place-records.ts';
import { sumCoverage } from './sum-coverage.ts';
import type { CoverageInput } from './sum-coverage.ts';
import type { MemberRow, TreeRecord } from '../walk/tree-record.ts';

export interface ReportInput extends CoverageInput {
  readonly tool: InspectionReport['tool'];
  readonly source: InspectionReport['source'];
  readonly image: InspectionReport['image'];
  /** About the source and the configuration of the image. */
  readonly diagnostics: readonly SourceDiagnostic[];
  /** Gaps outside the records: missing layers, unreadable images. */
  readonly gaps: readonly Gap[];
  /** Findings outside the records: a forged diffID. */
  readonly findings: readonly PlacedFinding[];
  /** Matches packages with advisories. */
  readonly match?: (report: Pick<InspectionReport, 'packages' | 'distribution'>) => MatchAnswer;
  /** Whether all files are listed. */
  readonly files: boolean;
}

const unownedListed = 1_000;

export function buildReport(input: ReportInput): InspectionReport {
  const { records } = input;
  const placed = placeRecords(records, { whiteouts: isLayered(input.image) });
  const distribution = findDistribution(placed.facts);
  const owned = findOwned(placed.facts, placed.merged);
  const packages = collectPackages(placed, { distribution, owned }).toSorted(byPurl);
  const about = { packages, ...(distribution !== undefined && { distribution }) };
  const matched = input.match?.(about);
  const findings = [
    ...input.findings,
    ...foldNested(placed).map(placedFinding),
    ...configFindings(input.configRecord),
    ...placeMatches(matched?.findings ?? [], packages),
  ].toSorted(bySeverity);
  const unowned =
    owned && findUnowned(placed.merged, { records, owned, packages, listed: unownedListed });
  const found = [...placed.gaps, ...configGaps(input.configRecord), ...readerGaps(placed)];
  const gaps = [...input.gaps, ...found, ...(matched?.gaps ?? [])];
  const coverage = sumCoverage(input, gaps, matched?.scanner);
  const { tool, source, image, layers } = input;
  const body = {
    schema: 'lazaret-inspection/2' as const,
    ...{ tool, source },
    ...(image !== undefined && { image }),
    layers: [...layers],
    ...about,
    users: kept(placed.facts, 'user'),
    passwords: kept(placed.facts, 'password'),
    groups: kept(placed.facts, 'group'),
    diagnostics: [...diagnosticsOf(input, placed), ...notCheckedDiagnostics(coverage)],
    special: collectSpecial(records, placed.merged),
    ...(unowned !== undefined && { unowned }),
    ...(input.files && { files: listFiles(records, placed) }),
    findings,
    coverage,
    verdict: judge(findings, coverage),
  };
  return { ...body, fingerprint: fingerprintOf(body, records) };
}

/** Directories and artifacts have no layers, so nothing in them hides anything. */
function isLayered(image: ReportInput['image']): boolean {
  return image !== undefined && image.artifactType === undefined;
}

function placedFinding(placed: PlacedRecords['findings'][number]): PlacedFinding {
  const { value, layer, hiddenBy, scanner, signatures } = placed;
  return { ...value, scanner, signatures, layer, ...(hiddenBy !== undefined && { hiddenBy }) };
}

function configFindings(record: TreeRecord | undefined): PlacedFinding[] {
  return Object.entries(record?.scans ?? {}).flatMap(([scanner, { signatures, findings }]) =>
    findings.map(([, finding]) => ({ ...finding, scanner, signatures })),
  );
}

function configGaps(record: TreeRecord | undefined): Gap[] {
  const scans = Object.values(record?.scans ?? {});
  return [...(record?.gaps ?? []), ...scans.flatMap(({ gaps }) => gaps.map(([, gap]) => gap))];
}

/** Assigns vulnerabilities the location of their package. */
function placeMatches(
  findings: readonly Finding[],
  packages: InspectionReport['packages'],
): PlacedFinding[] {
  const key = (purl = '', path = ''): string => `${purl}\0${path}`;
  const places = new Map(packages.map((each) => [key(each.purl, each.path), each]));
  return findings.map((each) => {
    const found = places.get(key(each.purl, each.path));
    if (found === undefined) return each;
    const { layer, hiddenBy } = found;
    return { ...each, layer, ...(hiddenBy !== undefined && { hiddenBy }) };
  });
}

type FactOf<K extends Fact['kind']> = Extract<Fact, { kind: K }>;
type InPlace<T> = T & { layer: number; hiddenBy?: number };

function kept<K extends Fact['kind']>(
  facts: readonly Placed<Fact>[],
  kind: K,
): InPlace<FactOf<K>>[] {
  const found = facts.flatMap(({ value, layer, hiddenBy }): InPlace<FactOf<K>>[] =>
    value.kind === kind
      ? [{ ...(value as FactOf<K>), layer, ...(hiddenBy !== undefined && { hiddenBy }) }]
      : [],
  );
  return foldLayers(found, (each) => JSON.stringify({ ...each, layer: 0, hiddenBy: 0 }));
}

/** Those of the source first, then those of readers by layer and path. */
function diagnosticsOf({ diagnostics }: ReportInput, { facts }: PlacedRecords): Diagnostic[] {
  const ofReaders = kept(facts, 'diagnostic').map(
    ({ reader, reason, detail, path, layer, hiddenBy }): Diagnostic => ({
      severity: severityOfReason(reason),
      by: `inventory:${reader}`,
      ...{ reason, detail, path, layer },
      ...(hiddenBy !== undefined && { hiddenBy }),
    }),
  );
  return [...diagnostics.map(fromSource), ...ofReaders.slice(0, analysisLimits.gapsListed)];
}

/** Gaps for what readers could not parse, visible or hidden. */
function readerGaps({ facts }: PlacedRecords): Gap[] {
  return facts.flatMap(({ value, layer }) =>
    value.kind === 'diagnostic' && value.reason !== 'not_recorded'
      ? [
          {
            by: `inventory:${value.reader}`,
            reason: gapReason(value.reason),
            ...{ detail: value.detail, path: value.path, layer },
          },
        ]
      : [],
  );
}

function gapReason(reason: DiagnosticFact['reason']): Gap['reason'] {
  if (reason === 'crashed') return 'failed';
  return reason === 'not_recorded' ? 'missing_part' : reason;
}

/** The merged view by path, then hidden files by layer. */
function listFiles(records: LayerRecords, { merged, members }: PlacedRecords): PlacedFile[] {
  const files: PlacedFile[] = [];
  for (const { path, layer, row } of merged.files()) {
    const file = records[layer]?.files[row];
    if (file !== undefined && path !== '') files.push({ ...file, path, layer });
  }
  for (const { file, ...place } of hiddenFiles(records, merged)) files.push({ ...file, ...place });
  for (const member of members) files.push(memberFile(member));
  return files;
}

/** Archive members have the owner and times of their archive. */
function memberFile({ value, layer, hiddenBy, file }: Placed<MemberRow>): PlacedFile {
  const { mode, uid, gid, mtimeMs } = file ?? { mode: 0, uid: 0, gid: 0, mtimeMs: 0 };
  const own = { type: 'file' as const, mode, uid, gid, mtimeMs };
  return { ...value, ...own, layer, ...(hiddenBy !== undefined && { hiddenBy }) };
}

/** Equal for equal inspections with the same configuration: without cache counts. */
function fingerprintOf(
  report: Omit<InspectionReport, 'fingerprint'>,
  records: readonly (TreeRecord | undefined)[],
): string {
  const { coverage, files: _, source, diagnostics, ...rest } = report;
  const layers = report.layers.map((layer) => ({
    ...layer,
    state: layer.state === 'cached' ? 'examined' : layer.state,
  }));
  const scanners = coverage.scanners.map((each) => ({ ...each, cached: 0 }));
  const counts = { ...coverage.layers, examined: 0, cached: 0 };
  const hash = createHash('sha256');
  hash.update(
    JSON.stringify({
      ...rest,
      // The host and connection may differ the next time.
      source: { kind: source.kind, reference: source.reference },
      diagnostics: diagnostics.filter(({ by }) => by !== 'source'),
      layers,
      coverage: { ...coverage, scanners, layers: counts },
    }),
  );
  let pending = '';
  for (const record of records) {
    for (const { path, sha256 = '', mode } of record?.files ?? []) {
      pending += `${path}\0${sha256}\0${mode}\0`;
      if (pending.length < hashedChars) continue;
      hash.update(pending);
      pending = '';
    }
  }
  return hash.update(pending).digest('hex');
}

/** Size of the text that is hashed at once: a call for each file costs more than the hash. */
const hashedChars = 64 * 1024;

const severities = ['critical', 'high', 'medium', 'low', 'info'];

function bySeverity(a: PlacedFinding, b: PlacedFinding): number {
  return (
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    compare(a.scanner, b.scanner) ||
    compare(a.path ?? '', b.path ?? '') ||
    compare(a.rule, b.rule)
  );
}

function byPurl(
  a: { readonly purl: string; readonly path: string },
  b: { readonly purl: string; readonly path: string },
): number {
  return compare(a.purl, b.purl) || compare(a.path, b.path);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
