/** The report of an inspection, as `lazaret inspect -o json` prints it. */
import { z } from 'zod';

import { sha256 } from '../core/fields.ts';
import { coverage, verdict } from './coverage.ts';
import { diagnostic } from './diagnostic.ts';
import { digest } from './digest.ts';
import { distributionFact, groupFact, packageFact, passwordFact, userFact } from './fact.ts';
import { fileRow } from './file.ts';
import { finding } from './finding.ts';

export const platform = z.object({
  os: z.string(),
  architecture: z.string(),
  variant: z.string().optional(),
  osVersion: z.string().optional(),
});
export type Platform = z.output<typeof platform>;

/** The layer of an item, and the layer that hides it. */
const place = {
  layer: z
    .number()
    .int()
    .describe('Index of the layer; 0 is the lowest, and always 0 for directories'),
  hiddenBy: z
    .number()
    .int()
    .optional()
    .describe(
      'Index of the layer that hides it by a whiteout, an opaque directory or a newer file',
    ),
};

export const placedPackage = packageFact.extend({
  ...place,
  ownedFiles: z
    .number()
    .int()
    .optional()
    .describe('Number of files that the package manager lists'),
  isOwnedBySystem: z
    .boolean()
    .optional()
    .describe('Whether a system package installed it; its advisories apply instead'),
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
  digest: digest
    .optional()
    .describe('Verified digest of the stored bytes; absent if the layer was not read'),
  diffId: digest.optional().describe('Verified digest of the uncompressed tar'),
  mediaType: z.string().optional(),
  compression: z.enum(['none', 'gzip', 'zstd', 'bzip2', 'xz']).optional(),
  sizeBytes: z.number().int().optional().describe('Stored size in bytes'),
  tarBytes: z
    .number()
    .int()
    .optional()
    .describe('Size of the uncompressed tar in bytes; for artifacts the size of the blob'),
  files: z.number().int(),
  createdBy: z.string().optional(),
  state: z.enum(['examined', 'cached', 'partial', 'missing']),
});
export type ReportLayer = z.output<typeof reportLayer>;

/** Connection security: verified certificate, unverified certificate, or no TLS. */
export const registryTransport = z.enum(['tls', 'unverified-tls', 'plain-http']);
export type RegistryTransport = z.output<typeof registryTransport>;

/**
 * Which host resolved a registry reference, and how the resolution is authenticated: by the digest
 * in the reference, by the certificate of the host, or not at all. In any case the report is about
 * the image with the digest that it states.
 */
export const resolution = z.object({
  by: z.string().describe('Host of the registry or of a mirror'),
  transport: registryTransport,
  proof: z.enum(['digest', 'certificate', 'none']),
});
export type Resolution = z.output<typeof resolution>;

export const inspectionReport = z.object({
  schema: z.literal('lazaret-inspection/2'),
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
    reference: z.string().describe('Reference as requested'),
    resolved: resolution.optional(),
  }),
  image: z
    .object({
      names: z.array(z.string()),
      indexDigest: digest.optional(),
      manifestDigest: digest.optional(),
      configDigest: digest.optional(),
      mediaType: z.string().optional(),
      artifactType: z
        .string()
        .optional()
        .describe(
          'Type of an OCI artifact that is not an image, such as a chart or a signature. Its layers are its blobs, one file each.',
        ),
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
  diagnostics: z
    .array(diagnostic)
    .describe('Notes and warnings on the source and on files that could not be parsed'),
  special: z
    .array(placedFile.extend({ reasons: z.array(z.string()) }))
    .describe('Notable files: setuid, setgid, capabilities, world-writable, devices'),
  unowned: z
    .object({ count: z.number().int(), paths: z.array(z.string()) })
    .optional()
    .describe('Visible files that no package owns, if the image has a package manager'),
  files: z.array(placedFile).optional().describe('All files, visible and hidden, if requested'),
  findings: z.array(placedFinding),
  coverage,
  verdict,
  fingerprint: sha256.describe(
    'Digest of the result without timestamps; equal for equal inspections',
  ),
});
export type InspectionReport = z.output<typeof inspectionReport>;
