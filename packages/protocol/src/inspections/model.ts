/** Inspection: the task of inspecting an image, from its request to its result. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { identifier, line, sha256, timestamp } from '../core/fields.ts';
import { limits } from '../limits.ts';
import { verdictState } from '../reports/coverage.ts';
import { digest } from '../reports/digest.ts';

export const inspectionStates = ['queued', 'running', 'finished', 'failed', 'cancelled'] as const;
export type InspectionState = (typeof inspectionStates)[number];

/** States that an inspection never leaves. */
export const finalInspectionStates = ['finished', 'failed', 'cancelled'] as const;

export const inspectionPhases = ['waiting', 'resolving', 'layers', 'storing', 'ended'] as const;
export type InspectionPhase = (typeof inspectionPhases)[number];

/** Why an inspection failed. */
export const inspectionProblemCodes = [
  'not_found',
  'unauthorized',
  'unreachable',
  'rate_limited',
  'damaged',
  'unsupported',
  'digest_mismatch',
  'too_large',
  'no_such_platform',
  'time_limit',
  /** The inspector process ended during every attempt. */
  'lost',
  'internal',
] as const;
export type InspectionProblemCode = (typeof inspectionProblemCodes)[number];

export const inspection = z.object({
  id: identifier,
  project: projectName,
  reference: z
    .string()
    .describe('Reference as requested; `artifact:SHA256` for an uploaded archive'),
  archive: z
    .object({ sha256, name: z.string(), sizeBytes: z.number().int() })
    .nullable()
    .describe('SHA-256 of the uploaded archive'),
  platform: z.string().describe('`default`, `all` or a platform such as `linux/arm64/v8`'),
  force: z.boolean(),
  state: z.enum(inspectionStates),
  progress: z.object({
    phase: z.enum(inspectionPhases),
    done: z.number().int().describe('Number of examined layers; `total` is 0 until it is known'),
    total: z.number().int(),
    files: z.number().int().describe('Number of entries read so far'),
  }),
  attempts: z.number().int().describe('Number of attempts'),
  requestedBy: z.string(),
  createdAt: timestamp,
  startedAt: timestamp.nullable(),
  finishedAt: timestamp.nullable(),
  problem: z.object({ code: z.enum(inspectionProblemCodes), detail: z.string() }).nullable(),
  images: z.array(
    z.object({
      digest,
      /** The latest name; null for an image without one, or removed since. */
      name: z.string().nullable(),
      platform: z.string().nullable(),
      verdict: verdictState,
      known: z
        .boolean()
        .describe(
          'Whether the stored report was reused: same digest, same scanners and signatures',
        ),
    }),
  ),
});
export type Inspection = z.output<typeof inspection>;

/** Selects the images of an index or archive. */
export const platformWord = z
  .string()
  .max(limits.nameChars)
  .regex(
    /^(default|all|[a-z0-9]+\/[a-z0-9_]+(\/[a-z0-9.]+)?)$/,
    'expected default, all, or os/architecture[/variant] as in linux/arm64/v8',
  );

export const inspectionRequest = z.object({
  project: projectName.optional().describe('Project'),
  reference: line(limits.referenceChars)
    .min(1)
    .describe(
      'Image reference: `registry.lab/app:1.2`, `debian@sha256:…`, or `artifact:SHA256` for an uploaded archive',
    ),
  platform: platformWord
    .default('default')
    .describe('Platform to inspect: `default`, `all` or `os/architecture[/variant]`'),
  force: z.boolean().default(false).describe('Inspect again even if a current report is stored'),
});
export type InspectionRequest = z.output<typeof inspectionRequest>;
