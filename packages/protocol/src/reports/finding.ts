/** Findings: what a scanner or a check says against something that it examined. */
import { z } from 'zod';

import { sha256 } from '../core/fields.ts';

export const severity = z.enum(['critical', 'high', 'medium', 'low', 'info']);
export type Severity = z.output<typeof severity>;

export const findingClass = z.enum([
  /** Code that an engine or rule names as malicious. */
  'malware',
  /** A digest on a deny list or threat feed. */
  'known-bad',
  /** A known tool that may be unwanted; by itself no ground for more than a report. */
  'dual-use',
  /** Resembles something known bad; a hint only. */
  'similar',
  'secret',
  'vulnerability',
  'misconfiguration',
  /** The image or archive itself is built to deceive or overwhelm: a forged diffID, a bomb. */
  'structure',
]);
export type FindingClass = z.output<typeof findingClass>;

export const finding = z.object({
  /** Which scanner: `clamav`, `yara`, `hash-set`, `similarity`, `secrets`, `vulnerabilities`... */
  scanner: z.string(),
  class: findingClass,
  severity,
  /** The signature, rule, list or advisory. */
  rule: z.string(),
  title: z.string(),
  /** The version of the signatures, rules or lists that said so. */
  signatures: z.string(),
  /** The file; absent when the finding is about the whole image. `a.zip!/b` inside an archive. */
  path: z.string().optional(),
  sha256: sha256.optional(),
  /** purl of the package that it is about. */
  purl: z.string().optional(),
  line: z.number().int().optional(),
  offset: z.number().int().optional(),
  /** More that helps to judge it: matched strings with the secret masked, links, fixed version. */
  evidence: z.record(z.string(), z.union([z.string(), z.number(), z.array(z.string())])).optional(),
});
export type Finding = z.output<typeof finding>;
