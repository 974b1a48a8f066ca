/**
 * Facts: what a tree holds, as its own files say it, each with the file that says so. An open
 * union: a consumer passes over kinds that it does not know.
 */
import { z } from 'zod';

/** Where a fact was read. */
const evidence = {
  /** The file that says so; `a.jar!/META-INF/x` inside an archive. */
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
/** Types as purl names them. */
export type PackageType = z.output<typeof packageType>;

export const packageFact = z.object({
  kind: z.literal('package'),
  ...evidence,
  type: packageType,
  name: z.string(),
  version: z.string(),
  /** Package URL, https://github.com/package-url/purl-spec, without the distribution. */
  purl: z.string(),
  /** How it is known: its manager's database, its own metadata, a lock file, a binary's bytes. */
  foundBy: z.enum(['database', 'metadata', 'lock-file', 'build-info', 'pattern', 'claim']),
  /** `declared`: a lock file asks for it, nothing shows that it is there. */
  state: z.enum(['installed', 'declared', 'removed', 'broken']),
  architecture: z.string().optional(),
  /** The source package that a binary package was built from. */
  source: z.object({ name: z.string(), version: z.string().optional() }).optional(),
  licenses: z.array(z.string()).optional(),
  supplier: z.string().optional(),
  /** Byte offset of the pattern or section in the file. */
  offset: z.number().int().optional(),
  /** Names of packages that it needs, as its metadata writes them. */
  dependsOn: z.array(z.string()).optional(),
});
export type PackageFact = z.output<typeof packageFact>;

/** Which files belong to a package, from its manager's lists. */
export const ownershipFact = z.object({
  kind: z.literal('ownership'),
  ...evidence,
  type: packageType,
  name: z.string(),
  /** Absent when the list does not say it and the name alone is the key. */
  version: z.string().optional(),
  architecture: z.string().optional(),
  files: z.array(
    z.object({
      path: z.string(),
      /** `md5:...`, `sha1:...` or `sha256:...` in hexadecimal, as the manager recorded it. */
      digest: z.string().optional(),
    }),
  ),
});
export type OwnershipFact = z.output<typeof ownershipFact>;

export const distributionFact = z.object({
  kind: z.literal('distribution'),
  ...evidence,
  /** `debian`, `alpine`: ID of os-release, or what a fallback stands for. */
  id: z.string(),
  idLike: z.array(z.string()).optional(),
  versionId: z.string().optional(),
  codename: z.string().optional(),
  variantId: z.string().optional(),
  prettyName: z.string().optional(),
  cpe: z.string().optional(),
  /** The identifier of the predecessor's table, such as `DEBIAN-jessie`. */
  legacyId: z.string().optional(),
  /** `os-release`, or the fallback's name. */
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
  /** `elsewhere`: in the shadow file. `empty` lets in without a password. */
  password: z.enum(['elsewhere', 'empty', 'locked', 'set']),
});
export type UserFact = z.output<typeof userFact>;

/** The state of a password in a shadow file; never the hash. */
export const passwordFact = z.object({
  kind: z.literal('password'),
  ...evidence,
  user: z.string(),
  state: z.enum(['empty', 'locked', 'set']),
  /** `sha512crypt`, `yescrypt`, `des`...; absent when there is no hash. */
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
 * Something that was not understood. It makes coverage partial, but for `not_recorded`: the file
 * was understood, and simply does not say what others of its kind do.
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
