/**
 * Coverage: what was examined and what was not. A verdict is `clean` only with complete coverage.
 */
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
  by: z.string().describe('`layer`, `inventory`, or the ID of a scanner'),
  reason: gapReason,
  detail: z.string(),
  path: z.string().optional(),
  layer: z.number().int().optional().describe('Index of the layer; 0 is the lowest'),
});
export type Gap = z.output<typeof gap>;

/** An advisory feed and its age. */
export const advisoryFeed = z.object({
  feed: z.string().describe('Name of the feed: `osv`, `debian`, `alpine/v3.20/main`, `csaf`'),
  importedAt: z.iso.datetime(),
  newestAt: z.iso
    .datetime()
    .optional()
    .describe('Latest change of an advisory, if the feed has dates'),
  advisories: z.number().int(),
});
export type AdvisoryFeed = z.output<typeof advisoryFeed>;

export const scannerCoverage = z.object({
  scanner: z.string(),
  engine: z.string(),
  signatures: z.string().describe('Version of the signatures, rules or lists'),
  signaturesAt: z.iso.datetime().optional().describe('Creation time of the signatures, if known'),
  healthy: z.boolean(),
  feeds: z
    .array(advisoryFeed)
    .optional()
    .describe('Advisory feeds; only for the scanner `vulnerabilities`'),
  examined: z
    .number()
    .int()
    .describe(
      'Number of contents (files, members of archives, attributes, the configuration), or ' +
        'of packages, that were examined; the next counters are from the cache, partial and failed',
    ),
  cached: z.number().int(),
  partial: z.number().int(),
  failed: z.number().int(),
});
export type ScannerCoverage = z.output<typeof scannerCoverage>;

/** What the counters of a scanner count. */
export function scannedThing({ feeds }: Pick<ScannerCoverage, 'feeds'>): 'content' | 'package' {
  return feeds === undefined ? 'content' : 'package';
}

export const coverage = z.object({
  complete: z.boolean(),
  files: z
    .number()
    .int()
    .describe('Number of entries of all layers: files, directories and links, also hidden ones'),
  bytes: z.number().int().describe('Uncompressed size of the examined layers in bytes'),
  layers: z.object({
    listed: z.number().int(),
    examined: z.number().int(),
    cached: z.number().int(),
    partial: z.number().int(),
    missing: z.number().int(),
  }),
  scanners: z.array(scannerCoverage),
  gaps: z.array(gap).describe('The first gaps, sorted by layer and path'),
  gapCount: z.number().int().describe('Total number of gaps'),
});
export type Coverage = z.output<typeof coverage>;

export const verdictState = z.enum(['clean', 'suspicious', 'malicious', 'incomplete', 'unscanned']);
export type VerdictState = z.output<typeof verdictState>;

/** Scanners that detect malware; without one of them a verdict is `unscanned`. */
export const malwareScanners: ReadonlySet<string> = new Set(['clamav', 'yara']);

/**
 * `clean`: no findings, complete coverage by healthy, up-to-date scanners; `incomplete`: no
 * findings in what could be examined; `unscanned`: no malware scanner was used; `malicious` and
 * `suspicious` do not depend on coverage.
 */
export const verdict = z.object({ state: verdictState, reasons: z.array(z.string()) });
export type Verdict = z.output<typeof verdict>;
