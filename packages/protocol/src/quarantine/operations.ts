/** Operations on quarantined images and on actions. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { identifier, line, page, paging, queryList } from '../core/fields.ts';
import { defineOperation, type OperationTag } from '../core/operation.ts';
import { limits } from '../limits.ts';
import { registryName } from '../registries/model.ts';
import { digestStart } from '../reports/digest.ts';
import {
  actionKinds,
  registryActionStates,
  quarantineItem,
  quarantineItemDetail,
  quarantineMode,
  quarantinePlan,
  quarantineStates,
  registryAction,
} from './model.ts';

const byId = z.object({ id: identifier.describe('ID of the quarantined image') });
const byAction = z.object({ id: identifier.describe('ID of the action') });
const reason = line(limits.quarantineReasonChars).min(1);
const name = line(limits.repositoryChars).min(1);
const names = z.array(name).max(limits.quarantineConfirmed).default([]);
const waitSeconds = z.coerce.number().int().min(0).max(limits.quarantineWaitSecondsMax);
const image = z
  .string()
  .min(1)
  .max(limits.referenceChars)
  .describe(
    'Reference with a digest, of a configured registry: HOST/REPOSITORY[:TAG]@DIGEST; the start ' +
      'of a digest suffices if it arrived',
  );

const subject = {
  image,
  project: projectName.optional().describe('Project of the registry'),
} as const;
const request = z.object({
  ...subject,
  mode: quarantineMode
    .optional()
    .describe(
      '`remove`, `move` or `block`; by default `move` if the registry has a quarantine ' +
        'repository, otherwise `remove`',
    ),
  confirm: names.describe(
    'Other tags of the digest, indexes that contain it, and shared manifests of it that may be ' +
      'removed too',
  ),
});

export const quarantineTags = {
  quarantine: {
    title: 'Quarantine',
    description: 'Images that were taken out of a registry, with their evidence.',
  },
  actions: {
    title: 'Actions',
    description: 'What Lazaret does to registries, and what waits for approval.',
  },
} as const satisfies Record<string, OperationTag>;

export const quarantine = {
  list: defineOperation({
    name: 'quarantine.list',
    method: 'GET',
    path: '/api/v1/quarantine',
    summary: 'List quarantined images, latest first',
    access: 'quarantine.read',
    query: z.object({
      ...paging,
      project: projectName.optional().describe('Only of this project'),
      registry: registryName.optional().describe('Only of this registry'),
      repository: name.optional().describe('Only of this repository'),
      digest: digestStart.optional().describe('Only this digest, or its start'),
      state: queryList(z.enum(quarantineStates)).optional().describe('Only in this state'),
    }),
    output: page(quarantineItem),
    cli: {
      command: 'quarantine list',
      columns: [
        ...['id', 'state', 'registry', 'repository', 'tags', 'digest', 'mode', 'sizeBytes'],
        ...['createdBy', 'createdAt', 'action.problem.detail'],
      ],
    },
  }),
  plan: defineOperation({
    name: 'quarantine.plan',
    method: 'POST',
    path: '/api/v1/quarantine/plan',
    summary: 'Show what quarantining an image would change, without changing anything',
    description: 'Reads the registry: all tags of the digest, indexes, referrers, and sizes.',
    access: 'quarantine.manage',
    body: request,
    output: quarantinePlan,
    errors: ['not_found', 'registry_refused'],
    cli: { command: 'quarantine plan', positional: ['image'] },
  }),
  add: defineOperation({
    name: 'quarantine.add',
    method: 'POST',
    path: '/api/v1/quarantine',
    summary: 'Quarantine an image: store its evidence, then take it out of its registry',
    description:
      'Manifest, configuration, layers and referrers are stored and verified before anything is ' +
      'removed. Every tag of the digest disappears with it, so each has to be named: in the ' +
      'reference or in `confirm`.',
    access: 'quarantine.manage',
    status: 201,
    query: z.object({
      waitSeconds: waitSeconds
        .default(20)
        .describe('Wait up to this many seconds until it is done'),
    }),
    body: request.extend({ reason: reason.describe('Why, for the audit log') }),
    output: quarantineItem,
    errors: [
      ...(['not_found', 'conflict', 'confirmation_required', 'quarantine_full'] as const),
      'registry_refused',
    ],
    cli: { command: 'quarantine add', positional: ['image'] },
  }),
  show: defineOperation({
    name: 'quarantine.show',
    method: 'GET',
    path: '/api/v1/quarantine/:id',
    summary: 'Show a quarantined image with its evidence and actions',
    access: 'quarantine.read',
    params: byId,
    query: z.object({
      waitSeconds: waitSeconds
        .default(0)
        .describe('Wait up to this many seconds for its action to end'),
    }),
    output: quarantineItemDetail,
    errors: ['not_found'],
    cli: { command: 'quarantine show' },
  }),
  release: defineOperation({
    name: 'quarantine.release',
    method: 'POST',
    path: '/api/v1/quarantine/:id/release',
    summary: 'Put a quarantined image back into its registry, byte for byte, with all its tags',
    description:
      'Only what the registry lacks is pushed. A tag that points elsewhere now is not moved, ' +
      'unless it is named in `overwrite`.',
    access: 'quarantine.manage',
    params: byId,
    query: z.object({
      waitSeconds: waitSeconds
        .default(20)
        .describe('Wait up to this many seconds until it is done'),
    }),
    body: z.object({
      reason: reason.describe('Why, for the audit log'),
      overwrite: names.describe('Tags to move back although they point elsewhere now'),
    }),
    output: quarantineItem,
    errors: ['not_found', 'conflict', 'confirmation_required', 'registry_refused'],
    cli: { command: 'quarantine release' },
  }),
  purge: defineOperation({
    name: 'quarantine.purge',
    method: 'POST',
    path: '/api/v1/quarantine/:id/purge',
    summary: 'Give up the evidence of an image after its retention; it cannot be released again',
    access: 'quarantine.manage',
    params: byId,
    body: z.object({ reason: reason.describe('Why, for the audit log') }),
    output: quarantineItem,
    errors: ['not_found', 'conflict'],
    cli: { command: 'quarantine purge', confirm: true },
  }),
} as const;

export const actions = {
  list: defineOperation({
    name: 'actions.list',
    method: 'GET',
    path: '/api/v1/actions',
    summary: 'List actions on registries, latest first',
    access: 'quarantine.read',
    query: z.object({
      ...paging,
      project: projectName.optional().describe('Only of this project'),
      registry: registryName.optional().describe('Only on this registry'),
      digest: digestStart.optional().describe('Only on this digest, or its start'),
      kind: queryList(z.enum(actionKinds)).optional().describe('Only of this kind'),
      state: queryList(z.enum(registryActionStates)).optional().describe('Only in this state'),
    }),
    output: page(registryAction),
    cli: {
      command: 'actions list',
      columns: [
        ...['id', 'kind', 'state', 'outcome', 'reference', 'origin', 'requestedBy'],
        ...['requestedAt', 'approvalReason', 'problem.detail'],
      ],
    },
  }),
  show: defineOperation({
    name: 'actions.show',
    method: 'GET',
    path: '/api/v1/actions/:id',
    summary: 'Show an action on a registry with its steps',
    access: 'quarantine.read',
    params: byAction,
    query: z.object({
      waitSeconds: waitSeconds.default(0).describe('Wait up to this many seconds for its end'),
    }),
    output: registryAction,
    errors: ['not_found'],
    cli: { command: 'actions show' },
  }),
  approve: defineOperation({
    name: 'actions.approve',
    method: 'POST',
    path: '/api/v1/actions/:id/approve',
    summary: 'Approve a proposed action, which then runs',
    access: 'quarantine.approve',
    params: byAction,
    body: z.object({
      reason: reason.describe('Why, for the audit log'),
      confirm: names.describe('Tags and digests that the proposal names and that may change too'),
    }),
    output: registryAction,
    errors: ['not_found', 'conflict'],
    cli: { command: 'actions approve' },
  }),
  reject: defineOperation({
    name: 'actions.reject',
    method: 'POST',
    path: '/api/v1/actions/:id/reject',
    summary: 'Reject a proposed action, which then never runs',
    access: 'quarantine.approve',
    params: byAction,
    body: z.object({ reason: reason.describe('Why, for the audit log') }),
    output: registryAction,
    errors: ['not_found', 'conflict'],
    cli: { command: 'actions reject' },
  }),
  attach: defineOperation({
    name: 'actions.attach',
    method: 'POST',
    path: '/api/v1/actions/attach',
    summary: 'Attach the verdict on an image to it in its registry, as an in-toto statement',
    description:
      'Pushes an in-toto statement as an OCI referrer of the image; see docs/quarantine.md for ' +
      'its predicate. The same verdict again changes nothing.',
    access: 'quarantine.manage',
    status: 201,
    query: z.object({
      waitSeconds: waitSeconds
        .default(20)
        .describe('Wait up to this many seconds until it is done'),
    }),
    body: z.object({
      ...subject,
      reason: reason.default('requested by a person').describe('Why the verdict is attached'),
    }),
    output: registryAction,
    errors: ['not_found', 'conflict', 'registry_refused'],
    cli: { command: 'images attach-verdict', positional: ['image'] },
  }),
} as const;
