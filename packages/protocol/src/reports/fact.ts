/**
 * Facts about a tree, read from its own files, each with the file it was read from. An open union:
 * consumers ignore unknown kinds.
 */
import { z } from 'zod';

import { readerReason } from './diagnostic.ts';

/** Source of a fact. */
const evidence = {
  path: z
    .string()
    .describe('File that the fact was read from; `a.jar!/META-INF/x` inside an archive'),
};

export const packageType = z.enum([
  'apk',
  'alpm',
  'cargo',
  'composer',
  'conda',
  'deb',
  'gem',
  'generic',
  'golang',
  'maven',
  'npm',
  'nuget',
  'pypi',
  'rpm',
]);
/** Package types as in purl. */
export type PackageType = z.output<typeof packageType>;

export const packageFact = z.object({
  kind: z.literal('package'),
  ...evidence,
  type: packageType,
  name: z.string(),
  version: z.string(),
  purl: z
    .string()
    .describe('Package URL, https://github.com/package-url/purl-spec, without the distribution'),
  foundBy: z
    .enum(['database', 'metadata', 'lock-file', 'build-info', 'pattern', 'claim'])
    .describe(
      'How the package was detected: package manager database, package metadata, lock file, build information, byte pattern, or claim',
    ),
  state: z
    .enum(['installed', 'declared', 'removed', 'broken'])
    .describe('`declared`: listed in a lock file, no evidence that it is installed'),
  architecture: z.string().optional(),
  source: z
    .object({ name: z.string(), version: z.string().optional() })
    .optional()
    .describe('Source package of a binary package'),
  licenses: z.array(z.string()).optional(),
  supplier: z.string().optional(),
  offset: z.number().int().optional().describe('Byte offset of the pattern or section in the file'),
  dependsOn: z
    .array(z.string())
    .optional()
    .describe('Names of required packages as in the metadata'),
});
export type PackageFact = z.output<typeof packageFact>;

/** Files that a package owns according to its package manager. */
export const ownershipFact = z.object({
  kind: z.literal('ownership'),
  ...evidence,
  type: packageType,
  name: z.string(),
  version: z.string().optional().describe('Absent if the list has no versions'),
  architecture: z.string().optional(),
  files: z.array(
    z.object({
      path: z.string(),
      digest: z
        .string()
        .optional()
        .describe(
          '`md5:...`, `sha1:...` or `sha256:...` in hexadecimal, as recorded by the package manager',
        ),
    }),
  ),
});
export type OwnershipFact = z.output<typeof ownershipFact>;

export const distributionFact = z.object({
  kind: z.literal('distribution'),
  ...evidence,
  id: z.string().describe('ID as in os-release: `debian`, `alpine`'),
  idLike: z.array(z.string()).optional(),
  versionId: z.string().optional(),
  codename: z.string().optional(),
  variantId: z.string().optional(),
  prettyName: z.string().optional(),
  cpe: z.string().optional(),
  legacyId: z.string().optional().describe('Legacy identifier such as `DEBIAN-jessie`'),
  foundBy: z.string().describe('`os-release`, or the name of the fallback'),
});
export type DistributionFact = z.output<typeof distributionFact>;

export const userFact = z.object({
  kind: z.literal('user'),
  ...evidence,
  name: z.string(),
  uid: z.number().int(),
  gid: z.number().int(),
  home: z.string(),
  shell: z.string(),
  password: z
    .enum(['elsewhere', 'empty', 'locked', 'set'])
    .describe('`elsewhere`: in the shadow file; `empty`: sign-in without a password'),
});
export type UserFact = z.output<typeof userFact>;

/** The state of a password in a shadow file; never the hash. */
export const passwordFact = z.object({
  kind: z.literal('password'),
  ...evidence,
  user: z.string(),
  state: z.enum(['empty', 'locked', 'set']),
  scheme: z
    .string()
    .optional()
    .describe('Hash scheme: `sha512crypt`, `yescrypt`, `des`, ...; absent without a hash'),
});
export type PasswordFact = z.output<typeof passwordFact>;

export const groupFact = z.object({
  kind: z.literal('group'),
  ...evidence,
  name: z.string(),
  gid: z.number().int(),
  members: z.array(z.string()),
});
export type GroupFact = z.output<typeof groupFact>;

/**
 * A file that a reader could not parse. It makes coverage incomplete, except `not_recorded`; in a
 * report it is a diagnostic.
 */
export const diagnosticFact = z.object({
  kind: z.literal('diagnostic'),
  ...evidence,
  reader: z.string(),
  reason: readerReason,
  detail: z.string(),
});
export type DiagnosticFact = z.output<typeof diagnosticFact>;

export const fact = z.discriminatedUnion('kind', [
  packageFact,
  ownershipFact,
  distributionFact,
  userFact,
  passwordFact,
  groupFact,
  diagnosticFact,
]);
export type Fact = z.output<typeof fact>;
