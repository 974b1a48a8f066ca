/** Operations on policies, their exceptions, decisions, and judging again. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import {
  identifier,
  line,
  moment,
  page,
  paging,
  queryBoolean,
  queryList,
  slug,
} from '../core/fields.ts';
import { defineOperation, type OperationTag } from '../core/operation.ts';
import { limits } from '../limits.ts';
import { digestStart } from '../reports/digest.ts';
import {
  addedException,
  decision,
  decisionDetail,
  decisionExplanation,
  exceptionRequest,
  exceptionStates,
  policyCheck,
  policyException,
  policyName,
  policyTestRun,
  policyVersion,
  rejudgePreview,
  rejudgeStatus,
  storedPolicy,
  storedPolicyDetail,
  vexImportResult,
  vexQuery,
} from './model.ts';
import { decisionActions, policyVerdicts } from './words.ts';

const byName = z.object({ name: policyName.describe('Name of the policy') });
const ofProject = {
  project: projectName.optional().describe('Project (default: the one that you can use)'),
} as const;
const inProject = {
  project: projectName.optional().describe('Only this project (default: all accessible ones)'),
} as const;
const document = z
  .string()
  .max(limits.policyDocumentBytes)
  .describe('The policy, in YAML; its name is in it');

export const policyTags = {
  policies: {
    title: 'Policies',
    description: 'Stored policies with their versions and exceptions; see docs/policies.md.',
  },
  exceptions: {
    title: 'Exceptions',
    description: 'What is accepted until a date, with a reason and an owner.',
  },
  decisions: {
    title: 'Decisions',
    description: 'What policies decided about images in registries. Decisions are never changed.',
  },
} as const satisfies Record<string, OperationTag>;

export const policies = {
  list: defineOperation({
    name: 'policies.list',
    method: 'GET',
    path: '/api/v1/policies',
    summary: 'List policies in the order in which they are tried',
    description:
      'Exactly one policy decides about an image: of those that apply to its registry, repository ' +
      'and tags the one with the highest priority.',
    access: 'policies.read',
    query: z.object({ ...paging, ...inProject }),
    output: page(storedPolicy),
    cli: {
      command: 'policy list',
      columns: [
        'name',
        'project',
        'version',
        'source',
        'priority',
        'rules',
        'changedAt',
        'inForce',
      ],
    },
  }),
  show: defineOperation({
    name: 'policies.show',
    method: 'GET',
    path: '/api/v1/policies/:name',
    summary: 'Show a policy with its document',
    access: 'policies.read',
    params: byName,
    query: z.object({
      ...ofProject,
      version: z.coerce
        .number()
        .int()
        .min(1)
        .optional()
        .describe('This version (default: the one in force)'),
    }),
    output: storedPolicyDetail,
    errors: ['not_found'],
    cli: { command: 'policy show' },
  }),
  versions: defineOperation({
    name: 'policies.versions',
    method: 'GET',
    path: '/api/v1/policies/:name/versions',
    summary: 'List the versions of a policy, latest first; they are never changed',
    access: 'policies.read',
    params: byName,
    query: z.object({ ...paging, ...ofProject }),
    output: page(policyVersion),
    errors: ['not_found'],
    cli: {
      command: 'policy versions',
      columns: ['version', 'sha256', 'bytes', 'inForce', 'createdBy', 'createdAt'],
    },
  }),
  validate: defineOperation({
    name: 'policies.validate',
    method: 'POST',
    path: '/api/v1/policies/validate',
    summary: 'Check a policy document: every fault with line, column and what was expected',
    description: 'Nothing is stored. A document that is valid here can be applied.',
    access: 'policies.manage',
    body: z.object({ document }),
    output: policyCheck,
  }),
  test: defineOperation({
    name: 'policies.test',
    method: 'POST',
    path: '/api/v1/policies/test',
    summary: 'Run the test cases of a policy document',
    description:
      'For each test case what differs from its expectation, and what the policy decides. Nothing ' +
      'is stored. Test cases that name a report file do not run here; they have to give `facts`.',
    access: 'policies.manage',
    body: z.object({ document }),
    output: policyTestRun,
    errors: ['invalid_request'],
  }),
  apply: defineOperation({
    name: 'policies.apply',
    method: 'PUT',
    path: '/api/v1/policies',
    summary: 'Put a policy in force; another document becomes a new version',
    description:
      'A document with a fault is refused as a whole, with line, column and what was expected; the ' +
      'version in force stays. Stored images are judged again in the background.',
    access: 'policies.manage',
    body: z.object({
      ...ofProject,
      document,
      expectedVersion: z
        .number()
        .int()
        .min(0)
        .optional()
        .describe(
          'Refuse if another version of the policy is in force now; 0: there is none, or only the ' +
            'built-in one',
        ),
    }),
    output: storedPolicy,
    errors: ['invalid_request', 'conflict'],
  }),
  remove: defineOperation({
    name: 'policies.remove',
    method: 'DELETE',
    path: '/api/v1/policies/:name',
    summary: 'Remove a policy; its versions are kept, because decisions refer to them',
    access: 'policies.manage',
    params: byName,
    query: z.object(ofProject),
    errors: ['not_found', 'conflict'],
    cli: { command: 'policy remove', confirm: true },
  }),
  rejudge: defineOperation({
    name: 'policies.rejudge',
    method: 'POST',
    path: '/api/v1/rejudge',
    summary: 'Judge all stored images of a project again, in the background',
    description:
      'Happens by itself after every change of policies and exceptions. Nothing is inspected or ' +
      'fetched again. A new decision is recorded only where the result or its reasons differ.',
    access: 'policies.manage',
    status: 202,
    body: z.object(ofProject),
    output: rejudgeStatus,
  }),
  rejudgeStatus: defineOperation({
    name: 'policies.rejudgeStatus',
    method: 'GET',
    path: '/api/v1/rejudge',
    summary: 'Show how far judging again has come',
    access: 'policies.read',
    query: z.object({
      ...ofProject,
      waitSeconds: z.coerce
        .number()
        .int()
        .min(0)
        .max(limits.registryWaitSecondsMax)
        .default(0)
        .describe('Wait up to this many seconds for the end'),
    }),
    output: rejudgeStatus,
  }),
  rejudgePause: defineOperation({
    name: 'policies.rejudgePause',
    method: 'POST',
    path: '/api/v1/rejudge/pause',
    summary: 'Pause judging again; new arrivals are still decided',
    access: 'policies.manage',
    body: z.object(ofProject),
    output: rejudgeStatus,
  }),
  rejudgeResume: defineOperation({
    name: 'policies.rejudgeResume',
    method: 'POST',
    path: '/api/v1/rejudge/resume',
    summary: 'Continue judging again',
    access: 'policies.manage',
    body: z.object(ofProject),
    output: rejudgeStatus,
  }),
  preview: defineOperation({
    name: 'policies.preview',
    method: 'POST',
    path: '/api/v1/rejudge/preview',
    summary: 'Show what would change for stored images, with a policy that is not applied yet',
    access: 'policies.manage',
    body: z.object({
      ...ofProject,
      document: document.optional().describe('The policy to try (default: those in force)'),
      images: z
        .number()
        .int()
        .min(1)
        .max(limits.previewImages)
        .default(limits.previewImages)
        .describe('How many images to look at, the newest first'),
    }),
    output: rejudgePreview,
    errors: ['invalid_request'],
  }),
} as const;

export const exceptions = {
  list: defineOperation({
    name: 'exceptions.list',
    method: 'GET',
    path: '/api/v1/exceptions',
    summary: 'List stored exceptions, latest first',
    access: 'policies.read',
    query: z.object({
      ...paging,
      ...inProject,
      state: queryList(z.enum(exceptionStates))
        .optional()
        .describe('Only exceptions in this state (default: in-force)'),
      source: line(limits.nameChars)
        .optional()
        .describe('Only from this source: `manual`, or the name of a VEX document'),
      vulnerability: line(limits.nameChars)
        .optional()
        .describe('Only exceptions of this advisory or CVE'),
      expiresBefore: moment
        .optional()
        .describe('Only exceptions that end before this time, or in this duration, such as `30d`'),
    }),
    output: page(policyException),
    cli: {
      command: 'exceptions list',
      columns: ['id', 'project', 'state', 'match', 'reason', 'owner', 'source', 'expires'],
    },
  }),
  show: defineOperation({
    name: 'exceptions.show',
    method: 'GET',
    path: '/api/v1/exceptions/:id',
    summary: 'Show an exception, also one that expired or was removed',
    access: 'policies.read',
    params: z.object({ id: identifier.describe('ID of the exception') }),
    output: policyException,
    errors: ['not_found'],
    cli: { command: 'exceptions show' },
  }),
  add: defineOperation({
    name: 'exceptions.add',
    method: 'POST',
    path: '/api/v1/exceptions',
    summary: 'Accept a finding, rule, vulnerability, package or path until a date',
    access: 'policies.manage',
    status: 201,
    body: exceptionRequest,
    output: addedException,
    errors: ['invalid_request'],
    cli: { command: 'exceptions add' },
  }),
  remove: defineOperation({
    name: 'exceptions.remove',
    method: 'DELETE',
    path: '/api/v1/exceptions/:id',
    summary: 'End an exception before its expiry; it stays in the list as removed',
    access: 'policies.manage',
    params: z.object({ id: identifier.describe('ID of the exception') }),
    errors: ['not_found'],
    cli: { command: 'exceptions remove', confirm: true },
  }),
  importVex: defineOperation({
    name: 'exceptions.importVex',
    method: 'POST',
    path: '/api/v1/exceptions/import',
    summary: 'Read an OpenVEX or CSAF VEX document as exceptions',
    access: 'policies.manage',
    description: 'The body is the document. Importing it again replaces its exceptions.',
    bodyKind: 'bytes',
    query: vexQuery,
    output: vexImportResult,
    errors: ['invalid_request', 'payload_too_large', 'incomplete_upload', 'upload_timeout'],
  }),
} as const;

export const decisions = {
  list: defineOperation({
    name: 'decisions.list',
    method: 'GET',
    path: '/api/v1/decisions',
    summary: 'List decisions, latest first',
    access: 'policies.read',
    query: z.object({
      ...paging,
      ...inProject,
      registry: slug.optional().describe('Only decisions in this registry'),
      repository: line(limits.repositoryChars).optional().describe('Only in this repository'),
      digest: digestStart.optional().describe('Only decisions about this digest, or its start'),
      verdict: queryList(z.enum(policyVerdicts)).optional().describe('Only with this verdict'),
      action: queryList(z.enum(decisionActions)).optional().describe('Only with this action'),
      since: moment
        .optional()
        .describe('Only decisions from this time on, or of this last duration, such as `24h`'),
      inForce: queryBoolean.optional().describe('Only those that are, or are no longer, in force'),
    }),
    output: page(decision),
    cli: {
      command: 'decisions list',
      columns: [
        ...['id', 'registry', 'repository', 'tags', 'digest', 'verdict', 'action', 'effect.state'],
        ...['policy', 'policyVersion', 'trigger', 'decidedAt'],
      ],
    },
  }),
  show: defineOperation({
    name: 'decisions.show',
    method: 'GET',
    path: '/api/v1/decisions/:id',
    summary: 'Show a decision with its inputs, matched rules and evidence',
    access: 'policies.read',
    params: z.object({ id: identifier.describe('ID of the decision') }),
    output: decisionDetail,
    errors: ['not_found'],
    cli: { command: 'decisions show' },
  }),
  explain: defineOperation({
    name: 'decisions.explain',
    method: 'GET',
    path: '/api/v1/decisions/explain',
    summary: 'Explain the decisions in force about a digest, as of now, rule by rule',
    access: 'policies.read',
    query: z.object({
      digest: digestStart.describe('Digest of the image, or its first hexadecimal digits'),
      ...inProject,
      registry: slug.optional().describe('Only in this registry'),
      repository: line(limits.repositoryChars).optional().describe('Only in this repository'),
    }),
    output: z.object({ items: z.array(decisionExplanation) }),
    errors: ['not_found'],
    cli: { command: 'decisions explain', positional: ['digest'] },
  }),
} as const;
