/** What an exception accepts and when it ends, in documents of policies and in the API. */
import { z } from 'zod';

import { limits } from '../limits.ts';

const {
  policyNameChars: nameChars,
  policyTextChars: textChars,
  policyGlobChars: globChars,
} = limits;
const glob = z.string().min(1).max(globChars);

/** All given fields have to match. */
export const exceptionTarget = z.object({
  finding: z.string().min(1).max(textChars).optional().describe('ID of a finding'),
  rule: z
    .string()
    .max(nameChars)
    .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, 'expected lower-case letters, digits and dashes')
    .optional()
    .describe('ID of a rule of a policy'),
  signature: glob.optional().describe('Name of a signature, rule or advisory, or a glob'),
  vulnerability: z.string().min(1).max(nameChars).optional().describe('ID of an advisory or CVE'),
  package: z
    .string()
    .max(textChars)
    .regex(/^pkg:/, 'expected a purl, such as pkg:deb/openssl')
    .optional()
    .describe('purl; without a version it covers all versions'),
  path: glob.optional().describe('Path or glob'),
  image: glob.optional().describe('Digest or its start, or a glob for registry/repository:tag'),
});
export type ExceptionTarget = z.output<typeof exceptionTarget>;

/** An image alone would accept everything about it. */
export function isAboutSomething(match: ExceptionTarget): boolean {
  return Object.entries(match).some(([name, value]) => name !== 'image' && value !== undefined);
}

/** What is missing if it is not. */
export const missingTarget = 'expected a finding, rule, signature, vulnerability, package or path';

/** A date, which lasts until its end in UTC, or a time. */
export const exceptionExpiry = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], {
    error: ({ input }) =>
      `expected a date such as 2027-01-31, or a time such as 2027-01-31T12:00:00Z, received ${JSON.stringify(input) ?? 'nothing'}`,
  })
  .transform((value) => (value.length === 10 ? `${value}T23:59:59.999Z` : value));
