/** Coverage: what was examined and what was not; the ground on which "clean" may be said. */
import { z } from 'zod';

/** Why something was not fully examined. */
export const gapReason = z.enum([
  'too_large',
  'too_many',
  'too_deep',
  'ratio',
  'encrypted',
  'damaged',
  'unsupported',
  'missing_part',
  'not_available',
  'timed_out',
  'failed',
  'stale_signatures',
  'unhealthy',
]);
export type GapReason = z.output<typeof gapReason>;

/** One thing that was not fully examined. */
export const gap = z.object({
  /** `layer`, `inventory`, or the scanner's id. */
  by: z.string(),
  reason: gapReason,
  detail: z.string(),
  path: z.string().optional(),
  /** Index of the layer, 0 the lowest. */
  layer: z.number().int().optional(),
});
export type Gap = z.output<typeof gap>;

/** Where advisories came from, and how old what is known from there is. */
export const advisoryFeed = z.object({
  /** `osv`, `debian`, `alpine/v3.20/main`, `csaf`. */
  feed: z.string(),
  importedAt: z.iso.datetime(),
  /** The newest change of an advisory, where the feed dates them. */
  newestAt: z.iso.datetime().optional(),
  advisories: z.number().int(),
});
export type AdvisoryFeed = z.output<typeof advisoryFeed>;

export const scannerCoverage = z.object({
  scanner: z.string(),
  engine: z.string(),
  /** Version of the signatures, rules or lists. */
  signatures: z.string(),
  /** When the signatures were made, where they say so. */
  signaturesAt: z.iso.datetime().optional(),
  healthy: z.boolean(),
  /** Of `vulnerabilities`, which is asked about packages: where its advisories are from. */
  feeds: z.array(advisoryFeed).optional(),
  /** Files, or packages, that it was asked about: examined now, from the cache, partly, failed. */
  examined: z.number().int(),
  cached: z.number().int(),
  partial: z.number().int(),
  failed: z.number().int(),
});
export type ScannerCoverage = z.output<typeof scannerCoverage>;

/** What a scanner counts. */
export function scannedThing({ feeds }: Pick<ScannerCoverage, 'feeds'>): 'file' | 'package' {
  return feeds === undefined ? 'file' : 'package';
}

export const coverage = z.object({
  complete: z.boolean(),
  files: z.number().int(),
  /** Uncompressed bytes of layers that were walked. */
  bytes: z.number().int(),
  layers: z.object({
    listed: z.number().int(),
    examined: z.number().int(),
    cached: z.number().int(),
    partial: z.number().int(),
    missing: z.number().int(),
  }),
  scanners: z.array(scannerCoverage),
  /** The first of the gaps, by layer and path. */
  gaps: z.array(gap),
  /** All of them. */
  gapCount: z.number().int(),
});
export type Coverage = z.output<typeof coverage>;

export const verdictState = z.enum(['clean', 'suspicious', 'malicious', 'incomplete', 'unscanned']);
export type VerdictState = z.output<typeof verdictState>;

/** Those whose silence means something: lists of digests and of secrets are none of them. */
export const malwareScanners: ReadonlySet<string> = new Set(['clamav', 'yara']);

/**
 * `clean` only with complete coverage by healthy, fresh scanners; `incomplete` when nothing bad was
 * found in what could be examined; `unscanned` when all was examined and nobody looked for malware;
 * a bad finding stands whatever else is missing.
 */
export const verdict = z.object({ state: verdictState, reasons: z.array(z.string()) });
export type Verdict = z.output<typeof verdict>;
