/** Findings of scanners and checks. */
import { z } from 'zod';

import { sha256 } from '../core/fields.ts';

export const severity = z.enum(['critical', 'high', 'medium', 'low', 'info']);
export type Severity = z.output<typeof severity>;

export const findingClass = z.enum([
  /** Content that a scanner engine or rule identifies as malicious. */
  'malware',
  /** A digest on a deny list or threat feed. */
  'known-bad',
  /** A known tool that may be unwanted. */
  'dual-use',
  /** Similar to known malware; a hint only. */
  'similar',
  'secret',
  'vulnerability',
  'misconfiguration',
  /** The structure of the image or archive is malicious: a forged diffID, a decompression bomb. */
  'structure',
]);
export type FindingClass = z.output<typeof findingClass>;

export const finding = z.object({
  scanner: z
    .string()
    .describe(
      'ID of the scanner: `clamav`, `yara`, `hash-set`, `similarity`, `secrets`, `vulnerabilities`, ...',
    ),
  class: findingClass,
  severity,
  rule: z.string().describe('Name of the signature, rule, list or advisory'),
  title: z.string(),
  signatures: z.string().describe('Version of the signatures, rules or lists'),
  path: z
    .string()
    .optional()
    .describe(
      'Path of the file, `a.zip!/b` inside an archive; absent for findings on the whole image',
    ),
  sha256: sha256.optional(),
  purl: z.string().optional().describe('purl of the affected package'),
  line: z.number().int().optional(),
  offset: z.number().int().optional(),
  evidence: z
    .record(z.string(), z.union([z.string(), z.number(), z.array(z.string())]))
    .optional()
    .describe('Supporting details: matched strings with secrets masked, links, fixed version'),
});
export type Finding = z.output<typeof finding>;
