/** Findings of two reports: new, gone, moved, or not comparable. */
import type {
  Incomparability,
  InspectionReport,
  PlacedFinding,
  ReportDifference,
} from '@lazaret/protocol';

import { compareScanners, GapIndex, partialCoverage, type Side } from './comparability.ts';
import { ImageContents, type HasContent } from './image-contents.ts';

export interface FindingComparison {
  readonly findings: ReportDifference['findings'];
  readonly notComparable: readonly Incomparability[];
}

/** `hasContent` reports whether an image has a content that its report does not list. */
export function compareFindings(
  before: InspectionReport,
  after: InspectionReport,
  hasContent: HasContent,
): FindingComparison {
  const first = new Set(before.findings.map(findingKey));
  const second = new Set(after.findings.map(findingKey));
  const onlyBefore = before.findings.filter((finding) => !second.has(findingKey(finding)));
  const onlyAfter = after.findings.filter((finding) => !first.has(findingKey(finding)));
  const { moved, left, right } = pairMoved(onlyBefore, onlyAfter);
  const scanners = compareScanners(before, after);
  const gone = split(left, { own: before, other: after, otherSide: 'after', scanners, hasContent });
  const fresh = split(right, {
    own: after,
    other: before,
    otherSide: 'before',
    scanners,
    hasContent,
  });
  return {
    findings: {
      new: fresh.comparable,
      gone: gone.comparable,
      moved,
      notComparable: { before: gone.notComparable, after: fresh.notComparable },
    },
    notComparable: [...scanners.values(), ...gone.reasons, ...fresh.reasons],
  };
}

interface SplitOptions {
  readonly own: InspectionReport;
  readonly other: InspectionReport;
  readonly otherSide: Side;
  readonly scanners: ReadonlyMap<string, Incomparability>;
  readonly hasContent: HasContent;
}

interface Split {
  readonly comparable: PlacedFinding[];
  readonly notComparable: PlacedFinding[];
  readonly reasons: readonly Incomparability[];
}

/** Findings that the other report lacks: because the image differs, or maybe not. */
function split(findings: readonly PlacedFinding[], options: SplitOptions): Split {
  const { own, other, otherSide, scanners } = options;
  const contents = new ImageContents(own, other, (sha256) => options.hasContent(otherSide, sha256));
  const gaps = new Map<string, GapIndex>();
  const reasons = new Map<string, Incomparability>();
  const comparable: PlacedFinding[] = [];
  const notComparable: PlacedFinding[] = [];
  for (const finding of findings) {
    const { scanner, path } = finding;
    const index = gaps.get(scanner) ?? gapsOf(scanner, other);
    gaps.set(scanner, index);
    const mayBeMissed = index.covers(path);
    if (mayBeMissed) reasons.set(scanner, partialCoverage('findings', otherSide, scanner));
    const isSubjectAbsent = !mayBeMissed && contents.lacks(finding);
    const isComparable = isSubjectAbsent || (!mayBeMissed && !scanners.has(scanner));
    (isComparable ? comparable : notComparable).push(finding);
  }
  return { comparable, notComparable, reasons: [...reasons.values()] };
}

/** Gaps that could have hidden a finding of the scanner: its own, and those of no scanner. */
function gapsOf(scanner: string, report: InspectionReport): GapIndex {
  const others = new Set(report.coverage.scanners.map((one) => one.scanner));
  others.delete(scanner);
  return new GapIndex(report, (by) => !others.has(by));
}

/** A finding in another layer, or by newer signatures, is still the same. */
function findingKey({ scanner, rule, path, sha256, purl, line }: PlacedFinding): string {
  return JSON.stringify([scanner, rule, path, path === undefined ? sha256 : '', purl, line]);
}

/**
 * The subject of a finding, independent of its location; undefined if only its path identifies it.
 */
function subjectKey({
  scanner,
  rule,
  path,
  sha256,
  purl,
  line,
}: PlacedFinding): string | undefined {
  if (path === undefined || (sha256 === undefined && purl === undefined)) return undefined;
  return JSON.stringify([scanner, rule, sha256, purl, line]);
}

function pairMoved(
  before: readonly PlacedFinding[],
  after: readonly PlacedFinding[],
): {
  readonly moved: ReportDifference['findings']['moved'];
  readonly left: readonly PlacedFinding[];
  readonly right: readonly PlacedFinding[];
} {
  const waiting = new Map<string, PlacedFinding[]>();
  for (const finding of before) {
    const key = subjectKey(finding);
    if (key !== undefined) waiting.set(key, [...(waiting.get(key) ?? []), finding]);
  }
  const moved: ReportDifference['findings']['moved'] = [];
  const gone = new Set(before);
  const right = after.filter((finding) => {
    const origin = waiting.get(subjectKey(finding) ?? '')?.shift();
    if (origin?.path === undefined) return true;
    gone.delete(origin);
    moved.push({ finding, from: origin.path });
    return false;
  });
  return { moved, left: [...gone], right };
}
