/** Sums up the coverage over the layers. Pure. */
import type { Coverage, Gap, ReportLayer, ScannerCoverage } from '@lazaret/protocol';

import { analysisLimits } from '../../limits.ts';
import type { ScannerDescription } from '../../scan/scanner.ts';
import type { LayerRecords } from './place-records.ts';
import type { TreeRecord } from '../walk/tree-record.ts';

export interface CoverageInput {
  readonly layers: readonly ReportLayer[];
  /** By layer; undefined for an unreadable layer. */
  readonly records: LayerRecords;
  /** The record of the image configuration. */
  readonly configRecord?: TreeRecord | undefined;
  /** Scanner descriptions at the start and at the end. */
  readonly scanners: readonly {
    readonly id: string;
    readonly before: ScannerDescription;
    readonly after: ScannerDescription;
  }[];
}

/** @param matching Coverage of the advisories, when packages were matched. */
export function sumCoverage(
  input: CoverageInput,
  gaps: readonly Gap[],
  matching: ScannerCoverage | undefined,
): Coverage {
  const { layers, records, configRecord } = input;
  const scanners = input.scanners.map((each) => scannerCoverage(each, [...records, configRecord]));
  const all = foldUnhealthy(input.scanners, gaps).toSorted(byLayerAndPath);
  const inState = (state: ReportLayer['state']): number =>
    layers.filter((layer) => layer.state === state).length;
  const missing = inState('missing');
  return {
    complete: all.length === 0 && missing === 0,
    files: records.reduce((sum, record) => sum + countEntries(record), 0),
    bytes: layers.reduce((sum, { tarBytes }) => sum + (tarBytes ?? 0), 0),
    layers: {
      listed: layers.length,
      examined: inState('examined'),
      cached: inState('cached'),
      partial: inState('partial'),
      missing,
    },
    scanners: matching === undefined ? scanners : [...scanners, matching],
    gaps: all.slice(0, analysisLimits.gapsListed),
    gapCount: all.length,
  };
}

/** Without the root directory, which some archives have and which no list of files shows. */
function countEntries(record: TreeRecord | undefined): number {
  let count = 0;
  for (const { path } of record?.files ?? []) if (path !== '') count += 1;
  return count;
}

function scannerCoverage(
  { id, before, after }: CoverageInput['scanners'][number],
  records: LayerRecords,
): ScannerCoverage {
  const scans = records.flatMap((record) => record?.scans[id] ?? []);
  const sum = (field: 'examined' | 'cached' | 'partial' | 'failed'): number =>
    scans.reduce((total, scan) => total + scan[field], 0);
  return {
    scanner: id,
    engine: before.engine,
    signatures: before.signatures,
    ...(before.signaturesAt !== undefined && { signaturesAt: before.signaturesAt }),
    healthy: before.healthy && after.healthy,
    examined: sum('examined'),
    cached: sum('cached'),
    partial: sum('partial'),
    failed: sum('failed'),
  };
}

/**
 * Combines the gaps of an unhealthy scanner into one, with the number of affected files. Its other
 * gaps are kept.
 */
function foldUnhealthy(scanners: CoverageInput['scanners'], gaps: readonly Gap[]): Gap[] {
  const unhealthy = new Map<string, { readonly problem: string; files: number }>();
  for (const { id, before, after } of scanners) {
    if (before.healthy && after.healthy) continue;
    unhealthy.set(id, { problem: before.problem ?? after.problem ?? 'not healthy', files: 0 });
  }
  const others = gaps.filter(({ by, reason, detail }) => {
    const known = unhealthy.get(by);
    if (known === undefined) return true;
    if (reason !== 'unhealthy' && detail !== known.problem) return true;
    known.files += 1;
    return false;
  });
  const folded = [...unhealthy].map(([by, { problem, files }]): Gap => {
    const count = files === 1 ? ' (1 file)' : ` (${files} files)`;
    return { by, reason: 'unhealthy', detail: `${problem}${files === 0 ? '' : count}` };
  });
  return [...folded, ...others];
}

function byLayerAndPath(a: Gap, b: Gap): number {
  return (
    (a.layer ?? -1) - (b.layer ?? -1) ||
    compare(a.path ?? '', b.path ?? '') ||
    compare(a.by, b.by) ||
    compare(a.detail, b.detail)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
