/**
 * Findings of an engine: the documented format in which an engine may report findings, in addition
 * to its other output. `docs/engines.md` describes it for people who write engines.
 */
import { z } from 'zod';

import { page, sha256 } from '../core/fields.ts';
import { severity } from '../reports/finding.ts';

/** The file of a result with findings. */
export const findingsFile = 'findings.json';
export const findingsFormat = 'lazaret-findings/1';

const text = (maxChars: number): z.ZodString => z.string().max(maxChars);

/** One entry of `findings`, as written by an engine. */
export const engineFinding = z.object({
  severity,
  rule: text(200).min(1).describe('The signature, rule or check'),
  message: text(2_000).min(1),
  evidence: text(4_000).optional().describe('Matched text, an address or a value'),
  path: text(4_096).optional().describe('File inside the input'),
  offset: z
    .number()
    .int()
    .min(0)
    .optional()
    .describe('Offset in bytes from the start of that file'),
  line: z.number().int().min(1).optional(),
  sha256: sha256.optional(),
  reference: text(2_000)
    .optional()
    .describe('Link to more information. Shown as text, never opened.'),
});
export type EngineFinding = z.output<typeof engineFinding>;

export const jobFindings = page(engineFinding).extend({
  source: z
    .object({ path: z.string(), sha256, sizeBytes: z.number().int() })
    .nullable()
    .describe('Path of the findings file; null if the job has none'),
  total: z.number().int().describe('Number of valid findings in the file, before filtering'),
  matched: z.number().int(),
  bySeverity: z.record(severity, z.number().int()),
  invalid: z
    .number()
    .int()
    .describe('Number of entries that do not match the documented format and are not listed'),
  problems: z.array(z.string()).describe('The first errors in the file or its entries'),
  truncated: z.boolean().describe('Whether the engine reports that it omitted findings'),
});
export type JobFindings = z.output<typeof jobFindings>;
