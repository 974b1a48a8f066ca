/** Operations on engines. */
import { z } from 'zod';

import { page, paging, queryBoolean } from '../core/fields.ts';
import { defineOperation, type OperationTag } from '../core/operation.ts';
import { engineManifest, engineName } from './manifest.ts';
import { engine, engineDetail, engineRefusal } from './model.ts';
import { limits } from '../limits.ts';

const byName = z.object({ name: engineName.describe('Name of the engine') });
const manifestBody = z.object({ manifest: engineManifest.describe('Engine manifest') });

export const engineTags = {
  engines: { title: 'Engines', description: 'Named, versioned analyzers and their manifests.' },
} as const satisfies Record<string, OperationTag>;

export const engines = {
  list: defineOperation({
    name: 'engines.list',
    method: 'GET',
    path: '/api/v1/engines',
    summary: 'List engines and rejected manifests',
    access: 'engines.read',
    query: z.object({
      ...paging,
      enabled: queryBoolean.optional().describe('Whether the engine accepts new jobs'),
    }),
    output: page(engine).extend({ refused: z.array(engineRefusal) }),
    cli: {
      command: 'engines list',
      columns: ['name', 'enabled', 'version', 'revision', 'image.digest', 'source', 'problem'],
    },
  }),
  show: defineOperation({
    name: 'engines.show',
    method: 'GET',
    path: '/api/v1/engines/:name',
    summary: 'Show an engine with its manifest and revisions',
    access: 'engines.read',
    params: byName,
    output: engineDetail,
    errors: ['not_found'],
    cli: { command: 'engines show' },
  }),
  validate: defineOperation({
    name: 'engines.validate',
    method: 'POST',
    path: '/api/v1/engines/validate',
    summary: 'Validate a manifest without adding it; returns it with all defaults',
    access: 'engines.read',
    body: manifestBody,
    output: engineManifest,
    errors: ['invalid_manifest'],
  }),
  add: defineOperation({
    name: 'engines.add',
    method: 'POST',
    path: '/api/v1/engines',
    summary: 'Add an engine or a new revision of it; its image is pinned to a digest',
    access: 'engines.manage',
    status: 201,
    body: manifestBody,
    output: engineDetail,
    errors: ['invalid_manifest', 'image_not_found', 'container_engine_unavailable', 'conflict'],
  }),
  update: defineOperation({
    name: 'engines.update',
    method: 'PATCH',
    path: '/api/v1/engines/:name',
    summary: 'Enable or disable an engine',
    access: 'engines.manage',
    params: byName,
    body: z.object({ enabled: z.boolean().describe('Whether the engine accepts new jobs') }),
    output: engineDetail,
    errors: ['not_found'],
    cli: { command: 'engines update' },
  }),
  rollback: defineOperation({
    name: 'engines.rollback',
    method: 'POST',
    path: '/api/v1/engines/:name/rollback',
    summary: 'Roll back to an earlier revision (default: the previous one)',
    access: 'engines.manage',
    params: byName,
    body: z.object({
      revision: z
        .number()
        .int()
        .min(1)
        .optional()
        .describe('Revision to make current (default: the previous one)'),
    }),
    output: engineDetail,
    errors: ['not_found', 'conflict'],
    cli: { command: 'engines rollback' },
  }),
  remove: defineOperation({
    name: 'engines.remove',
    method: 'DELETE',
    path: '/api/v1/engines/:name',
    summary: 'Remove an engine; its jobs are kept',
    access: 'engines.manage',
    params: byName,
    errors: ['not_found', 'conflict'],
    cli: { command: 'engines remove', confirm: true },
  }),
  import: defineOperation({
    name: 'engines.import',
    method: 'POST',
    path: '/api/v1/engines/import',
    summary: 'Import a legacy engines.json; each entry is added or rejected independently',
    access: 'engines.manage',
    body: z.object({
      engines: z
        .array(z.record(z.string(), z.unknown()))
        .min(1)
        .max(limits.engines)
        .describe('Entries of a legacy engines.json'),
    }),
    output: z.object({
      imported: z.array(z.object({ name: z.string(), revision: z.number().int() })),
      refused: z.array(z.object({ name: z.string(), detail: z.string() })),
    }),
    errors: ['container_engine_unavailable'],
  }),
} as const;
