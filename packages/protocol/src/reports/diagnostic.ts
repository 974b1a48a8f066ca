/**
 * Diagnostics: what the reader of a report should know besides its findings. What makes coverage
 * incomplete is also a gap (see coverage.ts), which has the same fields.
 */
import { z } from 'zod';

import { digest } from './digest.ts';

/**
 * About the source of an image. `unproven_name`: nothing proves which image a tag is.
 * `unverified_transport`: a host was queried that did not prove its identity, which matters less
 * when a digest was requested. `named_by_mirror`: a mirror resolved the tag. `mirror_fault`: a
 * mirror failed or returned wrong content, and another host was used. `other_meaning`: the
 * reference is ambiguous. `other_platform`: an image of the same index that was not examined.
 * `invalid_config`: fields of the image configuration were invalid and omitted.
 */
export const sourceReason = z.enum([
  ...(['attestation', 'artifact', 'other_platform', 'missing_child', 'unsupported'] as const),
  ...(['platform_substituted', 'limit', 'unproven_name', 'unverified_transport'] as const),
  ...(['named_by_mirror', 'mirror_fault', 'other_meaning', 'invalid_config'] as const),
]);

/**
 * About a file that a reader of the inventory could not parse. `not_recorded`: the file was parsed,
 * but does not contain what others of its kind do.
 */
export const readerReason = z.enum([
  ...(['damaged', 'too_large', 'too_deep', 'too_many', 'encrypted', 'unsupported'] as const),
  ...(['missing_part', 'timed_out', 'crashed', 'not_recorded'] as const),
]);

/**
 * About the inspection itself. `not_checked`: findings of a kind were not looked for, such as
 * vulnerabilities without an advisory database. It is not a gap: it does not affect the verdict.
 */
export const inspectionReason = z.enum(['not_checked']);

/** A diagnostic of a source; see `diagnostic` for its form in a report. */
export const sourceDiagnostic = z.object({
  reason: sourceReason,
  detail: z.string(),
  digest: digest.optional(),
  sizeBytes: z
    .number()
    .int()
    .optional()
    .describe('Size of the manifest with that digest according to the index'),
});
export type SourceDiagnostic = z.output<typeof sourceDiagnostic>;

export const diagnostic = z.object({
  severity: z.enum(['info', 'warning']).describe('`warning` affects how the report is read'),
  by: z
    .string()
    .describe(
      '`source`, `inventory:` and the reader, or what was not checked: `malware`, `vulnerabilities`',
    ),
  reason: z.enum([
    ...new Set([...sourceReason.options, ...readerReason.options, ...inspectionReason.options]),
  ]),
  detail: z.string(),
  path: z.string().optional(),
  layer: z.number().int().optional().describe('Index of the layer, 0 for the lowest'),
  hiddenBy: z.number().int().optional().describe('Index of the layer that hides the file'),
  digest: digest.optional().describe('Digest of the manifest that it is about'),
  sizeBytes: z.number().int().optional(),
});
export type Diagnostic = z.output<typeof diagnostic>;

/** Other content of a reference, or missing information in a file: expected, so not a warning. */
const expected: ReadonlySet<string> = new Set([
  ...['attestation', 'artifact', 'other_platform', 'not_recorded'],
]);

export function severityOfReason(reason: Diagnostic['reason']): Diagnostic['severity'] {
  return expected.has(reason) ? 'info' : 'warning';
}

/** A diagnostic of a source in its form in a report. */
export function fromSource(one: SourceDiagnostic): Diagnostic {
  return { severity: severityOfReason(one.reason), by: 'source', ...one };
}

interface WithDiagnostics {
  readonly diagnostics: readonly Diagnostic[];
}

/** Warnings about the source, such as an unverified name. */
export function sourceWarnings({ diagnostics }: WithDiagnostics): Diagnostic[] {
  return diagnostics.filter(({ by, severity }) => by === 'source' && severity === 'warning');
}

/** Images of the same index for other platforms, which were not examined. */
export function otherPlatforms({ diagnostics }: WithDiagnostics): Diagnostic[] {
  return diagnostics.filter(({ reason }) => reason === 'other_platform');
}
