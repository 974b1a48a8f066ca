/**
 * Findings of an engine: the small documented form in which an engine may say what it found, beside
 * whatever else it leaves. `docs/engines.md` describes it for people who write engines.
 */
import { z } from 'zod';

import { page, sha256 } from '../core/fields.ts';
import { severity } from '../reports/finding.ts';

/** The file of a result in which findings are looked for. */
export const findingsFile = 'findings.json';
export const findingsFormat = 'lazaret-findings/1';

const text = (maxChars: number): z.ZodString => z.string().max(maxChars);

/** One entry of `findings`, as an engine writes it. */
export const engineFinding = z.object({
  severity,
  /** The signature, rule or check. */
  rule: text(200).min(1),
  message: text(2_000).min(1),
  /** Matched text, an address or a value. */
  evidence: text(4_000).optional(),
  /** File inside the input. */
  path: text(4_096).optional(),
  /** Offset in bytes from the start of that file. */
  offset: z.number().int().min(0).optional(),
  line: z.number().int().min(1).optional(),
  sha256: sha256.optional(),
  /** Link to more information. Shown as text, never opened. */
  reference: text(2_000).optional(),
});
export type EngineFinding = z.output<typeof engineFinding>;

export const jobFindings = page(engineFinding).extend({
  /** Path of the findings file; null if the job has none. */
  source: z.object({ path: z.string(), sha256, sizeBytes: z.number().int() }).nullable(),
  /** Number of valid findings in the file, before filtering. */
  total: z.number().int(),
  matched: z.number().int(),
  bySeverity: z.record(severity, z.number().int()),
  /** Number of entries that do not match the documented format and are not listed. */
  invalid: z.number().int(),
  /** The first errors in the file or its entries. */
  problems: z.array(z.string()),
  /** Whether the engine reports that it omitted findings. */
  truncated: z.boolean(),
});
export type JobFindings = z.output<typeof jobFindings>;
