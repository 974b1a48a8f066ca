/** Operations on watched registries and arrivals. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import {
  identifier,
  identifierPrefix,
  line,
  page,
  paging,
  queryBoolean,
  queryList,
  timestamp,
} from '../core/fields.ts';
import { defineOperation, type OperationTag } from '../core/operation.ts';
import { limits } from '../limits.ts';
import { verdictState } from '../reports/coverage.ts';
import { digestStart } from '../reports/digest.ts';
import {
  arrival,
  arrivalSources,
  arrivalStates,
  pushOutcomes,
  registry,
  registryChange,
  registryCheck,
  registryName,
  registryRepository,
  registryRequest,
  registryStates,
  registryTag,
  tagChange,
} from './model.ts';

const byName = z.object({ name: registryName.describe('Name of the registry') });
const inProject = {
  project: projectName
    .optional()
    .describe('Project of the registry (default: all accessible projects)'),
} as const;
const longPaging = {
  ...paging,
  cursor: z
    .string()
    .max(limits.registryCursorChars)
    .optional()
    .describe('Value of `next` of the previous page'),
};
const repository = line(limits.repositoryChars).min(1);
const tag = line(limits.tagChars).min(1);
const digest = z
  .string()
  .regex(/^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$/, 'expected sha256:DIGEST or sha512:DIGEST');
const text = line(limits.textFilterChars);
const waitSeconds = z.coerce.number().int().min(0).max(limits.registryWaitSecondsMax).default(0);

export const registryTags = {
  registries: {
    title: 'Registries',
    description: 'Watched registries, with their repositories, tags and tag history.',
  },
  arrivals: {
    title: 'Arrivals',
    description: 'Digests that reached a watched registry, with their inspections.',
  },
} as const satisfies Record<string, OperationTag>;

export const registries = {
  list: defineOperation({
    name: 'registries.list',
    method: 'GET',
    path: '/api/v1/registries',
    summary: 'List watched registries with their state and backlog',
    access: 'registries.read',
    query: z.object({
      ...paging,
      ...inProject,
      state: queryList(z.enum(registryStates)).optional().describe('Only registries in this state'),
    }),
    output: page(registry),
    cli: {
      command: 'registries list',
      columns: [
        ...['name', 'address', 'settings.kind', 'state', 'counts.repositories', 'counts.tags'],
        ...['counts.waiting', 'poll.completeAt', 'problem.detail'],
      ],
    },
  }),
  add: defineOperation({
    name: 'registries.add',
    method: 'POST',
    path: '/api/v1/registries',
    summary: 'Add a registry to watch',
    description:
      'Credentials and certificates are references: the server reads them at each use and never ' +
      'stores them. Files must be in the directory `registries` of the data directory, and ' +
      'variables must begin with `REGISTRY_`; the configuration file of the server may name any.',
    access: 'registries.manage',
    status: 201,
    body: registryRequest,
    output: registry,
    errors: ['already_exists', 'not_found'],
    cli: { command: 'registries add', positional: ['name', 'address'] },
  }),
  show: defineOperation({
    name: 'registries.show',
    method: 'GET',
    path: '/api/v1/registries/:name',
    summary: 'Show a watched registry',
    access: 'registries.read',
    params: byName,
    query: z.object({
      ...inProject,
      waitSeconds: waitSeconds.describe('Wait up to this many seconds for the poll to end'),
    }),
    output: registry,
    errors: ['not_found'],
    cli: { command: 'registries show' },
  }),
  update: defineOperation({
    name: 'registries.update',
    method: 'PATCH',
    path: '/api/v1/registries/:name',
    summary: 'Change settings of a watched registry; lists are replaced',
    access: 'registries.manage',
    params: byName,
    query: z.object(inProject),
    body: registryChange,
    output: registry,
    errors: ['not_found', 'conflict'],
    cli: { command: 'registries update' },
  }),
  remove: defineOperation({
    name: 'registries.remove',
    method: 'DELETE',
    path: '/api/v1/registries/:name',
    summary: 'Remove a watched registry with its tag history and arrivals; images are kept',
    access: 'registries.manage',
    params: byName,
    query: z.object(inProject),
    errors: ['not_found', 'conflict'],
    cli: { command: 'registries remove', confirm: true },
  }),
  check: defineOperation({
    name: 'registries.check',
    method: 'POST',
    path: '/api/v1/registries/:name/check',
    summary: 'Check what works with a registry: connection, sign-in, catalog, deletion, referrers',
    description:
      'Changes nothing in the registry: whether manifests can be deleted is found out with a ' +
      'digest that does not exist.',
    access: 'registries.manage',
    params: byName,
    query: z.object(inProject),
    output: z.object({ checkedAt: timestamp, results: z.array(registryCheck) }),
    errors: ['not_found'],
    cli: { command: 'registries check' },
  }),
  sync: defineOperation({
    name: 'registries.sync',
    method: 'POST',
    path: '/api/v1/registries/:name/sync',
    summary: 'Poll a registry now instead of at its next time',
    access: 'registries.manage',
    status: 202,
    params: byName,
    query: z.object(inProject),
    output: registry,
    errors: ['not_found', 'conflict'],
    cli: { command: 'registries sync' },
  }),
  repositories: defineOperation({
    name: 'registries.repositories',
    method: 'GET',
    path: '/api/v1/registries/:name/repositories',
    summary: 'List the watched repositories of a registry',
    access: 'registries.read',
    params: byName,
    query: z.object({
      ...longPaging,
      ...inProject,
      text: text.optional().describe('Part of the name of the repository'),
    }),
    output: page(registryRepository),
    errors: ['not_found'],
    cli: {
      command: 'registries repositories',
      columns: ['name', 'tags', 'skipped', 'listedAt', 'lastArrivalAt', 'problem.detail'],
    },
  }),
  tags: defineOperation({
    name: 'registries.tags',
    method: 'GET',
    path: '/api/v1/registries/:name/tags',
    summary: 'List the tags of a registry with their digests and the decisions in force',
    access: 'registries.read',
    params: byName,
    query: z.object({
      ...longPaging,
      ...inProject,
      repository: repository.optional().describe('Only tags of this repository'),
      text: text.optional().describe('Part of the tag'),
      present: queryBoolean.optional().describe('Whether the tag is in the registry now'),
    }),
    output: page(registryTag),
    errors: ['not_found'],
    cli: {
      command: 'registries tags',
      columns: [
        ...['tag', 'repository', 'digest', 'present', 'inForce.inspected', 'inForce.verdict'],
        ...['inForce.action', 'changedAt', 'problem.detail'],
      ],
    },
  }),
  history: defineOperation({
    name: 'registries.history',
    method: 'GET',
    path: '/api/v1/registries/:name/history',
    summary: 'List the changes of tags, latest first: appeared, moved, disappeared',
    access: 'registries.read',
    params: byName,
    query: z.object({
      ...paging,
      ...inProject,
      repository: repository.optional().describe('Only tags of this repository'),
      tag: tag.optional().describe('Only this tag'),
    }),
    output: page(tagChange),
    errors: ['not_found'],
    cli: {
      command: 'registries history',
      columns: ['tag', 'repository', 'change', 'digest', 'previous', 'source', 'actor', 'at'],
    },
  }),
} as const;

export const arrivals = {
  list: defineOperation({
    name: 'arrivals.list',
    method: 'GET',
    path: '/api/v1/arrivals',
    summary: 'List what arrived in watched registries, latest first',
    description:
      '`verdict` and `action` are those of the arrival; `inForce` is what is in force about the ' +
      'digest now, after later inspections and policies.',
    access: 'registries.read',
    query: z.object({
      ...paging,
      ...inProject,
      registry: registryName.optional().describe('Only arrivals in this registry'),
      repository: repository.optional().describe('Only arrivals in this repository'),
      tag: tag.optional().describe('Only arrivals of this tag'),
      digest: digestStart.optional().describe('Only arrivals of this digest, or its start'),
      source: queryList(z.enum(arrivalSources)).optional().describe('Only from this source'),
      state: queryList(z.enum(arrivalStates)).optional().describe('Only arrivals in this state'),
      verdict: queryList(verdictState)
        .optional()
        .describe('Only arrivals whose first inspection had this verdict'),
      id: identifierPrefix.optional().describe('Only arrivals whose ID starts with this'),
      after: identifier
        .optional()
        .describe('Only arrivals after this one; with `waitSeconds` waits for the first'),
      waitSeconds: waitSeconds.describe('Wait up to this many seconds for an arrival'),
    }),
    output: page(arrival),
    cli: {
      command: 'arrivals list',
      columns: [
        ...['id', 'registry', 'repository', 'tag', 'digest', 'source', 'state'],
        ...['inForce.inspected', 'inForce.verdict', 'inForce.action'],
        ...['inForce.effect.state', 'recordedAt', 'problem.detail'],
      ],
    },
  }),
  activity: defineOperation({
    name: 'arrivals.activity',
    method: 'GET',
    path: '/api/v1/arrivals/activity',
    summary: 'Count arrivals per hour by verdict, and those that wait for their inspection',
    access: 'registries.read',
    query: z.object({
      ...inProject,
      hours: z.coerce
        .number()
        .int()
        .min(1)
        .max(limits.arrivalHoursMax)
        .default(24)
        .describe('Number of hours up to now'),
    }),
    output: z.object({
      hours: z.array(
        z.object({
          at: timestamp,
          arrived: z.number().int(),
          malicious: z.number().int(),
          suspicious: z.number().int(),
          incomplete: z.number().int(),
          unscanned: z.number().int(),
          clean: z.number().int(),
          failed: z.number().int().describe('Those that could not be inspected'),
          acted: z.number().int().describe('Those that a policy blocks, quarantines or deletes'),
        }),
      ),
      waiting: z.number().int().describe('Arrivals that wait for their inspection now'),
      inspecting: z.number().int(),
    }),
  }),
  show: defineOperation({
    name: 'arrivals.show',
    method: 'GET',
    path: '/api/v1/arrivals/:id',
    summary: 'Show an arrival with its inspections and verdict',
    access: 'registries.read',
    params: z.object({ id: identifier.describe('ID of the arrival') }),
    query: z.object({
      waitSeconds: waitSeconds.describe('Wait up to this many seconds for the inspection to end'),
    }),
    output: arrival,
    errors: ['not_found'],
    cli: { command: 'arrivals show' },
  }),
  report: defineOperation({
    name: 'arrivals.report',
    method: 'POST',
    path: '/api/v1/arrivals',
    summary: 'Report a push to a watched registry, so that it is inspected without waiting',
    description:
      'For build pipelines and registries without webhooks. The tag is read from the registry; ' +
      'the digest is optional. With an `Idempotency-Key` header a repeated report changes nothing.',
    access: 'registries.report',
    status: 202,
    body: z.object({
      registry: registryName.describe('Name of the registry'),
      project: projectName.optional().describe('Project of the registry'),
      repository: repository.describe('Repository, as in `lab/app`'),
      tag: tag.optional().describe('Tag that was pushed'),
      digest: digest.optional().describe('Digest of the manifest that was pushed'),
    }),
    output: z.object({
      outcome: z.enum(pushOutcomes),
      arrival: identifier.nullable(),
      detail: z.string(),
    }),
    errors: ['not_found', 'conflict'],
    cli: { command: 'arrivals report', positional: ['registry', 'repository'] },
  }),
} as const;
