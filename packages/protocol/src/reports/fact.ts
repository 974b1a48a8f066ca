/**
 * Facts about a tree, read from its own files, each with the file it was read from. An open union:
 * consumers ignore unknown kinds.
 */
import { z } from 'zod';

/** Source of a fact. */
const evidence = {
  /** File that the fact was read from; `a.jar!/META-INF/x` inside an archive. */
  path: z.string(),
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
  /** Package URL, https://github.com/package-url/purl-spec, without the distribution. */
  purl: z.string(),
  /**
   * How the package was detected: package manager database, package metadata, lock file, build
   * information, byte pattern, or claim.
   */
  foundBy: z.enum(['database', 'metadata', 'lock-file', 'build-info', 'pattern', 'claim']),
  /** `declared`: listed in a lock file, no evidence that it is installed. */
  state: z.enum(['installed', 'declared', 'removed', 'broken']),
  architecture: z.string().optional(),
  /** Source package of a binary package. */
  source: z.object({ name: z.string(), version: z.string().optional() }).optional(),
  licenses: z.array(z.string()).optional(),
  supplier: z.string().optional(),
  /** Byte offset of the pattern or section in the file. */
  offset: z.number().int().optional(),
  /** Names of required packages as in the metadata. */
  dependsOn: z.array(z.string()).optional(),
});
export type PackageFact = z.output<typeof packageFact>;

/** Files that a package owns according to its package manager. */
export const ownershipFact = z.object({
  kind: z.literal('ownership'),
  ...evidence,
  type: packageType,
  name: z.string(),
  /** Absent if the list has no versions. */
  version: z.string().optional(),
  architecture: z.string().optional(),
  files: z.array(
    z.object({
      path: z.string(),
      /**
       * `md5:...`, `sha1:...` or `sha256:...` in hexadecimal, as recorded by the package manager.
       */
      digest: z.string().optional(),
    }),
  ),
});
export type OwnershipFact = z.output<typeof ownershipFact>;

export const distributionFact = z.object({
  kind: z.literal('distribution'),
  ...evidence,
  /** ID as in os-release: `debian`, `alpine`. */
  id: z.string(),
  idLike: z.array(z.string()).optional(),
  versionId: z.string().optional(),
  codename: z.string().optional(),
  variantId: z.string().optional(),
  prettyName: z.string().optional(),
  cpe: z.string().optional(),
  /** Legacy identifier such as `DEBIAN-jessie`. */
  legacyId: z.string().optional(),
  /** `os-release`, or the name of the fallback. */
  foundBy: z.string(),
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
  /** `elsewhere`: in the shadow file; `empty`: sign-in without a password. */
  password: z.enum(['elsewhere', 'empty', 'locked', 'set']),
});
export type UserFact = z.output<typeof userFact>;

/** The state of a password in a shadow file; never the hash. */
export const passwordFact = z.object({
  kind: z.literal('password'),
  ...evidence,
  user: z.string(),
  state: z.enum(['empty', 'locked', 'set']),
  /** Hash scheme: `sha512crypt`, `yescrypt`, `des`, ...; absent without a hash. */
  scheme: z.string().optional(),
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
 * Content that could not be parsed. It makes coverage partial, except `not_recorded`: the file was
 * parsed, but lacks information that such files usually have.
 */
export const unknownFact = z.object({
  kind: z.literal('unknown'),
  ...evidence,
  reader: z.string(),
  reason: z.enum([
    'damaged',
    'too_large',
    'too_deep',
    'too_many',
    'encrypted',
    'unsupported',
    'missing_part',
    'timed_out',
    'crashed',
    'not_recorded',
  ]),
  detail: z.string(),
});
export type UnknownFact = z.output<typeof unknownFact>;

export const fact = z.discriminatedUnion('kind', [
  packageFact,
  ownershipFact,
  distributionFact,
  userFact,
  passwordFact,
  groupFact,
  unknownFact,
]);
export type Fact = z.output<typeof fact>;
