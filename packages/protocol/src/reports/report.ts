/** The whole answer of an inspection, as `lazaret inspect --output json` prints it. */
import { z } from 'zod';

import { sha256 } from '../core/fields.ts';
import { coverage, verdict } from './coverage.ts';
import {
  distributionFact,
  groupFact,
  packageFact,
  passwordFact,
  unknownFact,
  userFact,
} from './fact.ts';
import { fileRow } from './file.ts';
import { finding } from './finding.ts';

export const digest = z.string().regex(/^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-f]{32,128}$/);

export const platform = z.object({
  os: z.string(),
  architecture: z.string(),
  variant: z.string().optional(),
  osVersion: z.string().optional(),
});
export type Platform = z.output<typeof platform>;

/** Which layer a thing is in, and whether the merged view still shows it. */
const place = {
  /** Index of the layer, 0 the lowest; 0 for a directory. */
  layer: z.number().int(),
  /** Index of the layer that hides it: by a whiteout, an opaque directory or a newer file. */
  hiddenBy: z.number().int().optional(),
};

export const placedPackage = packageFact.extend({
  ...place,
  /** How many files its manager lists. */
  ownedFiles: z.number().int().optional(),
  /** Installed by a package of the system, whose own advisories speak for it. */
  isOwnedBySystem: z.boolean().optional(),
});
export type PlacedPackage = z.output<typeof placedPackage>;

export const placedFile = fileRow.extend(place);
export type PlacedFile = z.output<typeof placedFile>;

export const placedFinding = finding.extend({
  layer: z.number().int().optional(),
  hiddenBy: z.number().int().optional(),
});
export type PlacedFinding = z.output<typeof placedFinding>;

export const imageConfig = z.object({
  created: z.string().optional(),
  author: z.string().optional(),
  user: z.string().optional(),
  env: z.array(z.string()).optional(),
  entrypoint: z.array(z.string()).optional(),
  cmd: z.array(z.string()).optional(),
  workingDir: z.string().optional(),
  exposedPorts: z.array(z.string()).optional(),
  volumes: z.array(z.string()).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  stopSignal: z.string().optional(),
  parent: z.string().optional(),
  history: z.array(
    z.object({
      created: z.string().optional(),
      createdBy: z.string().optional(),
      author: z.string().optional(),
      comment: z.string().optional(),
      emptyLayer: z.boolean().optional(),
    }),
  ),
});
export type ImageConfig = z.output<typeof imageConfig>;

export const reportLayer = z.object({
  index: z.number().int(),
  /** Digest of the bytes as stored, as verified; absent when it was not read. */
  digest: digest.optional(),
  /** Digest of the uncompressed tar, as verified. */
  diffId: digest.optional(),
  mediaType: z.string().optional(),
  compression: z.enum(['none', 'gzip', 'zstd', 'bzip2', 'xz']).optional(),
  /** Bytes as stored. */
  sizeBytes: z.number().int().optional(),
  /** Bytes of the tar; of an artifact's blob those of the blob. */
  tarBytes: z.number().int().optional(),
  files: z.number().int(),
  createdBy: z.string().optional(),
  state: z.enum(['examined', 'cached', 'partial', 'missing']),
});
export type ReportLayer = z.output<typeof reportLayer>;

/**
 * What is to be known about where something came from. `unproven_name`: nobody proved which image a
 * tag is. `unverified_transport`: a host was asked that did not prove its name, which matters less
 * where a digest was asked for. `named_by_mirror`: a mirror said which image a tag is.
 * `mirror_fault`: a mirror gave something wrong or nothing, and another was asked. `other_meaning`:
 * the reference may have meant something else. `other_platform`: an image of the same index that
 * was not looked at.
 */
export const sourceRemark = z.object({
  reason: z.enum([
    ...(['attestation', 'artifact', 'other_platform', 'missing_child', 'unsupported'] as const),
    ...(['platform_substituted', 'limit', 'unproven_name', 'unverified_transport'] as const),
    ...(['named_by_mirror', 'mirror_fault', 'other_meaning'] as const),
  ]),
  detail: z.string(),
  digest: digest.optional(),
  /** Of the manifest with that digest, as the index says. */
  sizeBytes: z.number().int().optional(),
});
export type SourceRemark = z.output<typeof sourceRemark>;

/** Those that change how a report is read; the others say what else a reference holds. */
export function remarksToTell({
  remarks = [],
}: {
  readonly remarks?: readonly SourceRemark[] | undefined;
}): SourceRemark[] {
  const quiet: readonly string[] = ['attestation', 'artifact', 'other_platform'];
  return remarks.filter(({ reason }) => !quiet.includes(reason));
}

/** What stands beside the image in its index and was not looked at. */
export function remarksNotLookedAt({
  remarks = [],
}: {
  readonly remarks?: readonly SourceRemark[] | undefined;
}): SourceRemark[] {
  return remarks.filter(({ reason }) => reason === 'other_platform');
}

/** How a connection was made: with a certificate that was checked, with any, or without TLS. */
export const registryTransport = z.enum(['tls', 'unverified-tls', 'plain-http']);
export type RegistryTransport = z.output<typeof registryTransport>;

/**
 * Who said which image a reference to a registry is, and what proves it: the digest in the
 * reference, the certificate of who answered, or nothing. Whatever proves the name, the report is
 * of the image with the digest that it says.
 */
export const resolution = z.object({
  /** The registry, or a mirror of it. */
  by: z.string(),
  transport: registryTransport,
  proof: z.enum(['digest', 'certificate', 'none']),
});
export type Resolution = z.output<typeof resolution>;

export const inspectionReport = z.object({
  schema: z.literal('lazaret-inspection/1'),
  tool: z.object({ name: z.literal('lazaret'), version: z.string() }),
  source: z.object({
    kind: z.enum([
      'registry',
      'docker-archive',
      'oci-layout',
      'oci-archive',
      'engine',
      'container',
      'directory',
    ]),
    /** As it was asked for. */
    reference: z.string(),
    resolved: resolution.optional(),
    remarks: z.array(sourceRemark).optional(),
  }),
  image: z
    .object({
      names: z.array(z.string()),
      indexDigest: digest.optional(),
      manifestDigest: digest.optional(),
      configDigest: digest.optional(),
      mediaType: z.string().optional(),
      /**
       * Set when it is no image but an artifact, such as a chart or a signature: of which type. Its
       * layers are then its blobs, each one file, and none hides another.
       */
      artifactType: z.string().optional(),
      platform: platform.optional(),
      config: imageConfig.optional(),
    })
    .optional(),
  layers: z.array(reportLayer),
  distribution: distributionFact.optional(),
  packages: z.array(placedPackage),
  users: z.array(userFact.extend(place)),
  passwords: z.array(passwordFact.extend(place)),
  groups: z.array(groupFact.extend(place)),
  /** What no reader understood, the first of them by layer and path. */
  unknowns: z.array(unknownFact.extend(place)),
  /** Files that deserve a look: setuid, setgid, with capabilities, world-writable, devices. */
  special: z.array(placedFile.extend({ because: z.array(z.string()) })),
  /** Files of the merged view that no package owns, when a package manager is there. */
  unowned: z.object({ count: z.number().int(), paths: z.array(z.string()) }).optional(),
  /** Every file of both views, when asked for. */
  files: z.array(placedFile).optional(),
  findings: z.array(placedFinding),
  coverage,
  verdict,
  /** Digest over what was found, without times: equal for equal inspections. */
  fingerprint: sha256,
});
export type InspectionReport = z.output<typeof inspectionReport>;
