/**
 * Quarantine: images that were taken out of a registry, their evidence, and the actions that change
 * registries.
 */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { identifier, timestamp } from '../core/fields.ts';
import { registryName } from '../registries/model.ts';

export const quarantineModes = ['remove', 'move', 'block'] as const;
export type QuarantineMode = (typeof quarantineModes)[number];

export const quarantineMode: z.ZodType<QuarantineMode, QuarantineMode> = z
  .enum(quarantineModes)
  .describe(
    '`remove`: delete from the registry, `move`: copy to the quarantine repository of the ' +
      'registry first, `block`: leave the registry as it is. The evidence is stored in each case',
  );

export const quarantineStates = [
  /** Its action waits or runs. */
  'preparing',
  /** Taken out of the registry. */
  'quarantined',
  /** The evidence is stored, but the registry still has the image. */
  'blocked',
  'released',
  /** Nothing was removed, and no evidence is kept. */
  'failed',
  'purged',
] as const;
export type QuarantineState = (typeof quarantineStates)[number];

export const contentRoles = [
  ...(['child', 'image', 'index', 'parent', 'referrer', 'referrers-index'] as const),
  ...(['config', 'layer'] as const),
] as const;
export type ContentRole = (typeof contentRoles)[number];

export const quarantineContent = z.object({
  digest: z.string(),
  kind: z.enum(['manifest', 'blob']),
  role: z
    .enum(contentRoles)
    .describe('`parent`: an index that contains the image; `referrer`: a signature, an SBOM, ...'),
  mediaType: z.string(),
  sizeBytes: z.number().int(),
  tags: z.array(z.string()).describe('Tags of a manifest in the repository'),
  removes: z
    .boolean()
    .describe('Whether the manifest is taken out; others are only kept for the release'),
  storedAt: timestamp.nullable().describe('When the stored bytes were verified'),
  removedAt: timestamp.nullable().describe('When the registry no longer had it'),
});
export type QuarantineContent = z.output<typeof quarantineContent>;

const place = {
  project: projectName,
  registry: registryName,
  repository: z.string(),
  digest: z.string(),
  reference: z.string().describe('Reference of the image, pinned to the digest'),
} as const;

/** What a quarantine would change; also what was found when it ran. */
export const quarantinePlan = z.object({
  ...place,
  mediaType: z.string(),
  mode: quarantineMode,
  target: z.string().nullable().describe('Repository of the copy'),
  tags: z.array(z.string()).describe('All tags of the digest; they disappear together'),
  children: z
    .array(z.string())
    .describe('Manifests of the index that are taken out with it: nothing else refers to them'),
  shared: z
    .array(
      z.object({
        digest: z.string(),
        usedBy: z.array(z.string()).describe('Tags, and digests of other indexes'),
      }),
    )
    .describe('Manifests of the index that others use; they stay unless confirmed'),
  parents: z
    .array(z.object({ digest: z.string(), tags: z.array(z.string()) }))
    .describe('Indexes that contain the image; they are taken out too, if confirmed'),
  referrers: z.array(z.string()).describe('Signatures, SBOMs and other artifacts about the image'),
  missing: z.array(z.string()).describe('Manifests of the index that the registry does not have'),
  unconfirmed: z
    .array(z.string())
    .describe('Tags and digests that have to be confirmed before the image is quarantined'),
  manifests: z.number().int(),
  blobs: z.number().int(),
  sizeBytes: z.number().int().describe('Size of the evidence'),
  neededBytes: z.number().int().describe('What is not stored yet'),
  freeBytes: z.number().int().describe('Space that the quarantine may still use'),
  deletion: z
    .enum(['enabled', 'disabled', 'denied', 'unknown'])
    .describe('Whether the registry deletes manifests, with the configured credentials'),
});
export type QuarantinePlan = z.output<typeof quarantinePlan>;

export const actionKinds = ['quarantine', 'release', 'attach'] as const;
export type ActionKind = (typeof actionKinds)[number];

export const registryActionStates = [
  /** Waits for the approval of a person. */
  'proposed',
  'approved',
  'running',
  'done',
  'failed',
  'rejected',
] as const;
export type RegistryActionState = (typeof registryActionStates)[number];

export const actionSteps = [
  ...(['plan', 'store', 'verify', 'copy', 'remove'] as const),
  ...(['check', 'push', 'tag', 'attach'] as const),
] as const;
export type ActionStepName = (typeof actionSteps)[number];

const actionStep = z.object({
  name: z.enum(actionSteps),
  at: timestamp,
  detail: z.string(),
});
export type ActionStep = z.output<typeof actionStep>;

/** What an action was asked to do beyond its kind. */
export interface ActionParameters {
  /** How to quarantine. */
  readonly mode?: QuarantineMode;
  /** Other tags and digests that a quarantine may remove. */
  readonly confirm?: readonly string[];
  /** Tags that a release may move back, although they point elsewhere now. */
  readonly overwrite?: readonly string[];
  /** The decision in force that a release overrides. */
  readonly overridden?: string;
}

export const actionOutcomes = ['quarantined', 'blocked', 'released', 'attached'] as const;
export type ActionOutcome = (typeof actionOutcomes)[number];

export const registryAction = z.object({
  id: identifier,
  kind: z.enum(actionKinds),
  state: z.enum(registryActionStates),
  ...place,
  item: identifier.nullable().describe('The quarantined image that it is about'),
  origin: z.enum(['person', 'policy']),
  decision: z.string().nullable().describe('The decision of a policy that asked for it'),
  reason: z.string(),
  requestedBy: z.string(),
  requestedAt: timestamp,
  approvalReason: z.string().nullable().describe('Why a person has to approve it'),
  decidedBy: z.string().nullable().describe('Who approved or rejected it'),
  decidedAt: timestamp.nullable(),
  decisionReason: z.string().nullable(),
  steps: z.array(actionStep).describe('Recorded before each step'),
  attempts: z.number().int(),
  retryAt: timestamp.nullable().describe('When it is tried again'),
  outcome: z.enum(actionOutcomes).nullable(),
  problem: z.object({ code: z.string(), detail: z.string() }).nullable(),
  finishedAt: timestamp.nullable(),
});
export type RegistryAction = z.output<typeof registryAction>;

export const quarantineItem = z.object({
  id: identifier,
  ...place,
  mediaType: z.string(),
  tags: z.array(z.string()),
  state: z.enum(quarantineStates),
  mode: quarantineMode,
  target: z.string().nullable().describe('Repository of the copy'),
  reason: z.string(),
  sizeBytes: z.number().int().describe('Size of the evidence'),
  createdBy: z.string(),
  createdAt: timestamp,
  quarantinedAt: timestamp.nullable(),
  releasedAt: timestamp.nullable(),
  releasedBy: z.string().nullable(),
  releaseReason: z.string().nullable(),
  retainedUntil: timestamp.describe('The evidence cannot be purged before'),
  purgedAt: timestamp.nullable(),
  purgedBy: z.string().nullable(),
  purgeReason: z.string().nullable(),
  action: z
    .object({
      id: identifier,
      kind: z.enum(actionKinds),
      state: z.enum(registryActionStates),
      problem: z.object({ code: z.string(), detail: z.string() }).nullable(),
    })
    .nullable()
    .describe('The last action on it'),
});
export type QuarantineItem = z.output<typeof quarantineItem>;

export const quarantineItemDetail = quarantineItem.extend({
  contents: z.array(quarantineContent).describe('In the order in which a release pushes them'),
  actions: z.array(registryAction),
});
export type QuarantineItemDetail = z.output<typeof quarantineItemDetail>;
