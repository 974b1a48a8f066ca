/** The scanners of inspections, and their state. */
import { z } from 'zod';

export const scannerStatus = z.object({
  /** `clamav`, `yara`, `hash-set`, `similarity`, `secrets`. */
  id: z.string(),
  /** Whether a clean verdict may be based on it. */
  findsMalware: z.boolean(),
  healthy: z.boolean(),
  /** The problem when it is not healthy, and what to do. */
  problem: z.string().nullable(),
  /** Program and version: `ClamAV 1.4.6`. */
  engine: z.string(),
  /** Identity of the signatures, rules or lists. */
  signatures: z.string(),
  signaturesAt: z.iso.datetime().nullable(),
  /** Number of rules, digests or patterns, if known. */
  rules: z.number().int().nullable(),
  /** Keys of the configuration that set it, such as `inspection.yaraRules`. */
  configuration: z.array(z.string()),
});
export type ScannerStatus = z.output<typeof scannerStatus>;

export const scannerOverview = z.object({
  /** Whether a scanner for malware is configured; without one no image can be `clean`. */
  findsMalware: z.boolean(),
  scanners: z.array(scannerStatus),
  checkedAt: z.iso.datetime(),
});
export type ScannerOverview = z.output<typeof scannerOverview>;
