/** Inspection: the task of inspecting an image, from its request to its result. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { identifier, line, sha256, timestamp } from '../core/fields.ts';
import { limits } from '../limits.ts';
import { verdictState } from '../reports/coverage.ts';
import { digest } from '../reports/report.ts';

export const inspectionStates = ['queued', 'running', 'finished', 'failed', 'cancelled'] as const;
export type InspectionState = (typeof inspectionStates)[number];

/** States that an inspection never leaves. */
export const finalInspectionStates = ['finished', 'failed', 'cancelled'] as const;

export const inspectionPhases = ['waiting', 'resolving', 'layers', 'storing', 'ended'] as const;
export type InspectionPhase = (typeof inspectionPhases)[number];

/** Why an inspection came to nothing. */
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
  /** The inspector ended in the middle of it, each time that it was tried. */
  'lost',
  'internal',
] as const;
export type InspectionProblemCode = (typeof inspectionProblemCodes)[number];

export const inspection = z.object({
  id: identifier,
  project: projectName,
  /** As it was asked for; `artifact:SHA256` for an archive that was uploaded. */
  reference: z.string(),
  /** The uploaded archive that is inspected. */
  archive: z.object({ sha256, name: z.string(), sizeBytes: z.number().int() }).nullable(),
  /** `default`, `all` or `linux/arm64/v8`. */
  platform: z.string(),
  force: z.boolean(),
  state: z.enum(inspectionStates),
  progress: z.object({
    phase: z.enum(inspectionPhases),
    /** Layers that are done, and all of them; 0 until they are known. */
    done: z.number().int(),
    total: z.number().int(),
    /** Files that were seen so far. */
    files: z.number().int(),
  }),
  /** How often it was begun. */
  attempts: z.number().int(),
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
      /** Answered from the store: the same digest was inspected with the same signatures. */
      known: z.boolean(),
    }),
  ),
});
export type Inspection = z.output<typeof inspection>;

/** Which images of an index or archive are inspected. */
export const platformWord = z
  .string()
  .max(limits.nameChars)
  .regex(
    /^(default|all|[a-z0-9]+\/[a-z0-9_]+(\/[a-z0-9.]+)?)$/,
    'expected default, all, or os/architecture[/variant] as in linux/arm64/v8',
  );

export const inspectionRequest = z.object({
  project: projectName.optional(),
  /** `registry.lab/app:1.2`, `debian@sha256:…`, `artifact:SHA256` of an archive. */
  reference: line(limits.referenceChars).min(1),
  platform: platformWord.default('default'),
  /** Inspect anew what is known already. */
  force: z.boolean().default(false),
});
export type InspectionRequest = z.output<typeof inspectionRequest>;
