/**
 * Reports of earlier versions in the current schema. Version 1 had `source.remarks` and `unknowns`,
 * which are `diagnostics` now. Version 1 and the first reports of version 2 had
 * `special[].because`, which is `reasons` now.
 */
import {
  type Diagnostic,
  fromSource,
  severityOfReason,
  type SourceDiagnostic,
} from './diagnostic.ts';

interface UnknownOfVersion1 {
  readonly reader: string;
  readonly reason: Diagnostic['reason'];
  readonly detail: string;
  readonly path: string;
  readonly layer: number;
  readonly hiddenBy?: number;
}

/** Anything that is not an earlier report is returned unchanged, unvalidated. */
export function upgradeReport(value: unknown): unknown {
  if (!isRecord(value)) return value;
  if (value['schema'] === 'lazaret-inspection/2') return withReasons(value);
  if (value['schema'] !== 'lazaret-inspection/1') return value;
  const { unknowns, source, ...rest } = withReasons(value);
  const { remarks, ...origin } = isRecord(source) ? source : {};
  return {
    ...rest,
    schema: 'lazaret-inspection/2',
    source: origin,
    diagnostics: [
      ...(listOf(remarks) as readonly SourceDiagnostic[]).map(fromSource),
      ...(listOf(unknowns) as readonly UnknownOfVersion1[]).map(fromUnknown),
    ],
  };
}

function withReasons(report: Record<string, unknown>): Record<string, unknown> {
  const special = listOf(report['special']);
  if (!special.some(hasEarlierName)) return report;
  return {
    ...report,
    special: special.map((file) => (hasEarlierName(file) ? rename(file) : file)),
  };
}

function hasEarlierName(file: unknown): file is Record<string, unknown> {
  return isRecord(file) && file['because'] !== undefined;
}

function rename({ because, ...file }: Record<string, unknown>): Record<string, unknown> {
  return { ...file, reasons: because };
}

function fromUnknown({
  reader,
  reason,
  detail,
  path,
  layer,
  hiddenBy,
}: UnknownOfVersion1): Diagnostic {
  return {
    severity: severityOfReason(reason),
    by: `inventory:${reader}`,
    ...{ reason, detail, path, layer },
    ...(hiddenBy !== undefined && { hiddenBy }),
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
