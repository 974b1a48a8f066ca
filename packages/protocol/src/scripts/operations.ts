/** Operations on collector scripts and their results. */
import { z } from 'zod';

import { projectName } from '../access/model.ts';
import { identifier, page, paging, queryBoolean, queryList } from '../core/fields.ts';
import { defineOperation, type OperationTag } from '../core/operation.ts';
import { limits } from '../limits.ts';
import { digestStart } from '../reports/digest.ts';
import {
  packageDisagreement,
  script,
  scriptDetail,
  scriptName,
  scriptOutcome,
  scriptRequest,
  scriptRun,
  scriptRunDetail,
  scriptRunStates,
  scriptStatus,
} from './model.ts';

const byName = z.object({ name: scriptName.describe('Name of the script') });
const byDigest = z.object({
  digest: digestStart.describe('Digest of the image, or its first hexadecimal digits'),
});
const inProject = {
  project: projectName
    .optional()
    .describe('Project of the image (default: all accessible projects)'),
} as const;

export const scriptTags = {
  scripts: {
    title: 'Scripts',
    description: 'Collector scripts, which run in containers of images, and their results.',
  },
} as const satisfies Record<string, OperationTag>;

export const scripts = {
  list: defineOperation({
    name: 'scripts.list',
    method: 'GET',
    path: '/api/v1/scripts',
    summary: 'List collector scripts with their progress',
    access: 'scripts.read',
    query: z.object(paging),
    output: page(script),
    cli: {
      command: 'scripts list',
      columns: [
        ...['name', 'kind', 'source', 'enabled', 'settings.format', 'counts.queued'],
        ...['counts.succeeded', 'counts.failed', 'remainingImages', 'sha256'],
      ],
    },
  }),
  add: defineOperation({
    name: 'scripts.add',
    method: 'POST',
    path: '/api/v1/scripts',
    summary: 'Add a collector script, or replace one; it visits stored images in the background',
    description:
      'A script with other content or settings has another revision: it runs again in every ' +
      'image that it selects. Results of earlier revisions are kept.',
    access: 'scripts.manage',
    status: 201,
    body: scriptRequest,
    output: scriptDetail,
    errors: ['conflict', 'invalid_script'],
  }),
  show: defineOperation({
    name: 'scripts.show',
    method: 'GET',
    path: '/api/v1/scripts/:name',
    summary: 'Show a collector script with its content',
    access: 'scripts.read',
    params: byName,
    output: scriptDetail,
    errors: ['not_found'],
    cli: { command: 'scripts show' },
  }),
  update: defineOperation({
    name: 'scripts.update',
    method: 'PATCH',
    path: '/api/v1/scripts/:name',
    summary: 'Enable or disable a collector script',
    access: 'scripts.manage',
    params: byName,
    body: z.object({ enabled: z.boolean().describe('Whether it runs in images') }),
    output: scriptDetail,
    errors: ['not_found'],
    cli: { command: 'scripts update' },
  }),
  remove: defineOperation({
    name: 'scripts.remove',
    method: 'DELETE',
    path: '/api/v1/scripts/:name',
    summary: 'Remove a collector script; its results are kept and marked',
    access: 'scripts.manage',
    params: byName,
    errors: ['not_found', 'conflict'],
    cli: { command: 'scripts remove', confirm: true },
  }),
  status: defineOperation({
    name: 'scripts.status',
    method: 'GET',
    path: '/api/v1/script-status',
    summary: 'Show whether scripts run, what waits, and which kinds are supported',
    access: 'scripts.read',
    output: scriptStatus,
    cli: { command: 'scripts status' },
  }),
  pause: defineOperation({
    name: 'scripts.pause',
    method: 'POST',
    path: '/api/v1/script-status/pause',
    summary: 'Pause all runs of scripts; those that run now are finished',
    access: 'scripts.manage',
    output: scriptStatus,
    cli: { command: 'scripts pause' },
  }),
  resume: defineOperation({
    name: 'scripts.resume',
    method: 'POST',
    path: '/api/v1/script-status/resume',
    summary: 'Resume runs of scripts',
    access: 'scripts.manage',
    output: scriptStatus,
    cli: { command: 'scripts resume' },
  }),
  run: defineOperation({
    name: 'scripts.run',
    method: 'POST',
    path: '/api/v1/images/:digest/scripts',
    summary: 'Run scripts in an image, before those of the background',
    description:
      'Without names, every enabled script that selects the image. A script that ran in this ' +
      'image at its current revision does not run again unless `fresh` is set, or it did not run ' +
      'to its end.',
    access: 'scripts.run',
    status: 202,
    params: byDigest,
    body: z.object({
      scripts: z
        .array(scriptName)
        .max(limits.scripts)
        .default([])
        .describe('Names of scripts (default: all that select the image)'),
      project: inProject.project,
      fresh: z.boolean().default(false).describe('Run them again'),
    }),
    output: z.object({ items: z.array(scriptRun) }),
    errors: ['not_found', 'conflict', 'scripts_disabled'],
  }),
  results: defineOperation({
    name: 'scripts.results',
    method: 'GET',
    path: '/api/v1/images/:digest/scripts',
    summary: 'List the runs of scripts in an image, latest first',
    access: 'images.read',
    params: byDigest,
    query: z.object({
      ...paging,
      ...inProject,
      script: scriptName.optional().describe('Only runs of this script'),
      state: queryList(z.enum(scriptRunStates)).optional().describe('Only runs in this state'),
      outcome: queryList(scriptOutcome).optional().describe('Only runs with this outcome'),
      history: queryBoolean
        .default(false)
        .describe('Include runs of earlier revisions of a script'),
    }),
    output: page(scriptRun),
    errors: ['not_found'],
    cli: {
      command: 'scripts results',
      columns: [
        ...['id', 'script', 'state', 'outcome', 'exitCode', 'findings', 'current', 'durationMs'],
        'detail',
      ],
    },
  }),
  result: defineOperation({
    name: 'scripts.result',
    method: 'GET',
    path: '/api/v1/script-runs/:id',
    summary: 'Show a run of a script with its output',
    access: 'images.read',
    params: z.object({ id: identifier.describe('ID of the run') }),
    query: z.object({
      waitSeconds: z.coerce
        .number()
        .int()
        .min(0)
        .max(limits.scriptWaitSecondsMax)
        .default(0)
        .describe('Wait up to this many seconds for the run to end'),
    }),
    output: scriptRunDetail,
    errors: ['not_found'],
    cli: { command: 'scripts result' },
  }),
  disagreements: defineOperation({
    name: 'scripts.disagreements',
    method: 'GET',
    path: '/api/v1/images/:digest/package-disagreements',
    summary: 'List packages about which the image and its inspection disagree',
    description:
      'Scripts list packages from inside the image. A package that only one side has, or with ' +
      'another version, is a finding about one of them: files of the image were changed by hand, ' +
      'a program of the image lies, or a reader of Lazaret is wrong.',
    access: 'images.read',
    params: byDigest,
    query: z.object({ ...paging, ...inProject }),
    output: page(packageDisagreement),
    errors: ['not_found'],
    cli: {
      command: 'scripts disagreements',
      columns: ['rule', 'type', 'package', 'architecture', 'inside', 'static', 'script'],
    },
  }),
} as const;
