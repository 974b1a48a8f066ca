/**
 * Which parts of two reports are comparable. A report is only evidence of absence where the same
 * scanners with the same signatures examined everything; where they did not, a difference between
 * the reports is not a difference between the images.
 */
import type { Gap, Incomparability, InspectionReport } from '@lazaret/protocol';

export type Side = 'before' | 'after';
export const ordinals: Readonly<Record<Side, string>> = { before: 'first', after: 'second' };

/** Scanners that were not used in the same way on both images. */
export function compareScanners(
  before: InspectionReport,
  after: InspectionReport,
): ReadonlyMap<string, Incomparability> {
  const ids = new Set(
    [before, after].flatMap(({ coverage, findings }) => [
      ...coverage.scanners.map(({ scanner }) => scanner),
      ...findings.map(({ scanner }) => scanner),
    ]),
  );
  const found = new Map<string, Incomparability>();
  for (const scanner of [...ids].toSorted()) {
    const reason = compareScanner(scanner, before, after);
    if (reason !== undefined) found.set(scanner, { part: 'findings', scanner, ...reason });
  }
  return found;
}

type Reason = Pick<Incomparability, 'reason' | 'detail'>;

function compareScanner(
  scanner: string,
  before: InspectionReport,
  after: InspectionReport,
): Reason | undefined {
  const [first, second] = [before, after].map(({ coverage }) =>
    coverage.scanners.find((one) => one.scanner === scanner),
  );
  if (first === undefined && second === undefined) return compareInspectors(before, after);
  if (first === undefined) return notUsed('before');
  if (second === undefined) return notUsed('after');
  if (!first.healthy) return unhealthy('before');
  if (!second.healthy) return unhealthy('after');
  if (first.engine !== second.engine) {
    return {
      reason: 'different_scanner_version',
      detail: `first image: ${first.engine}; second image: ${second.engine}`,
    };
  }
  if (first.signatures === second.signatures) return undefined;
  return {
    reason: 'different_signatures',
    detail: `first image: ${named(first.signatures)}; second image: ${named(second.signatures)}`,
  };
}

/** Checks that are part of the inspector, such as those of the structure of an image. */
function compareInspectors(before: InspectionReport, after: InspectionReport): Reason | undefined {
  if (before.tool.version === after.tool.version) return undefined;
  return {
    reason: 'different_inspector',
    detail: `first image: Lazaret ${before.tool.version}; second image: Lazaret ${after.tool.version}`,
  };
}

function notUsed(side: Side): Reason {
  return { reason: 'scanner_not_used', detail: `${ordinals[side]} image` };
}

function unhealthy(side: Side): Reason {
  return { reason: 'scanner_unhealthy', detail: `${ordinals[side]} image` };
}

function named(signatures: string): string {
  return signatures === '' ? 'unknown signatures' : `signatures ${signatures}`;
}

/** Decides whether something at a path may have been missed in a report because of its gaps. */
export class GapIndex {
  readonly #everywhere: boolean;
  readonly #paths = new Set<string>();

  /** `by` selects the gaps that matter, by `gap.by`. */
  constructor({ coverage }: InspectionReport, by: (by: string) => boolean) {
    const gaps = coverage.gaps.filter((gap) => by(gap.by));
    // Gaps beyond the listed ones have unknown paths.
    const areAllListed = coverage.gapCount <= coverage.gaps.length;
    this.#everywhere =
      gaps.some(({ path }: Gap) => path === undefined) || (!areAllListed && gaps.length > 0);
    for (const { path } of gaps) if (path !== undefined) this.#paths.add(path);
  }

  /** Whether the content at the path, or of unknown path, may not have been examined. */
  covers(path: string | undefined): boolean {
    if (this.#everywhere) return true;
    if (path === undefined) return this.#paths.size > 0;
    for (const parent of selfAndParents(path)) if (this.#paths.has(parent)) return true;
    return false;
  }
}

/** `a/b.zip!/c` is in `a/b.zip!`, in the archive `a/b.zip`, and in `a`. */
function* selfAndParents(path: string): Iterable<string> {
  yield path;
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    const parent = path.slice(0, end);
    yield parent;
    if (parent.endsWith('!')) yield parent.slice(0, -1);
  }
}

/** Gaps that are not of a scanner: layers, archives and packages that were not read. */
export function structuralGaps(report: InspectionReport): GapIndex {
  const scanners = new Set(report.coverage.scanners.map(({ scanner }) => scanner));
  return new GapIndex(report, (by) => !scanners.has(by));
}

export function partialCoverage(
  part: Incomparability['part'],
  side: Side,
  scanner?: string,
): Incomparability {
  return {
    part,
    ...(scanner === undefined ? {} : { scanner }),
    reason: 'partial_coverage',
    detail: `${ordinals[side]} image`,
  };
}
