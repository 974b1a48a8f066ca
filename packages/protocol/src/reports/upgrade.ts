/**
 * Reports of earlier schema versions in the current schema. Version 1 had `source.remarks` and
 * `unknowns`, which are `diagnostics` now, and `special[].because`, which is `reasons` now.
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

/** Anything that is not a report of version 1 is returned unchanged, unvalidated. */
export function upgradeReport(value: unknown): unknown {
  if (!isRecord(value) || value['schema'] !== 'lazaret-inspection/1') return value;
  const { unknowns, source, special, ...rest } = value;
  const { remarks, ...origin } = isRecord(source) ? source : {};
  return {
    ...rest,
    schema: 'lazaret-inspection/2',
    source: origin,
    ...(special !== undefined && { special: listOf(special).map(renameReasons) }),
    diagnostics: [
      ...(listOf(remarks) as readonly SourceDiagnostic[]).map(fromSource),
      ...(listOf(unknowns) as readonly UnknownOfVersion1[]).map(fromUnknown),
    ],
  };
}

function renameReasons(file: unknown): unknown {
  if (!isRecord(file)) return file;
  const { because, ...rest } = file;
  return { ...rest, reasons: because };
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
