/** Operations on the instance: version, health, metrics, configuration, API description. */
import { z } from 'zod';

import { defineOperation, type OperationTag } from '../core/operation.ts';
import { health, overview } from './model.ts';

export const systemTags = {
  system: { title: 'System', description: 'Health, metrics, version and configuration.' },
} as const satisfies Record<string, OperationTag>;

export const system = {
  live: defineOperation({
    name: 'system.live',
    method: 'GET',
    path: '/healthz',
    summary: 'Liveness probe: fails if a background loop of this process has stalled',
    access: 'public',
    output: health,
    errors: ['unavailable'],
  }),
  ready: defineOperation({
    name: 'system.ready',
    method: 'GET',
    path: '/readyz',
    summary: 'Readiness probe: loops, database, blob store and nodes',
    access: 'public',
    output: health,
    errors: ['unavailable'],
  }),
  metrics: defineOperation({
    name: 'system.metrics',
    method: 'GET',
    path: '/metrics',
    summary: 'Metrics in the Prometheus format',
    access: 'metrics.read',
    outputKind: 'text',
  }),
  show: defineOperation({
    name: 'system.show',
    method: 'GET',
    path: '/api/v1/system',
    summary: 'Show the version, roles, missing components and what waits for a person',
    access: 'signed-in',
    output: z.object({
      version: z.string(),
      roles: z.array(z.string()),
      startedAt: z.string(),
      missing: z
        .array(z.object({ part: z.string(), detail: z.string(), advice: z.string() }))
        .describe('Components that are not available, with the reason and how to set them up'),
      ...overview.shape,
    }),
    cli: { command: 'status' },
  }),
  configuration: defineOperation({
    name: 'system.configuration',
    method: 'GET',
    path: '/api/v1/configuration',
    summary: 'Show the effective configuration with the source of each value; secrets are masked',
    access: 'configuration.read',
    output: z.object({
      options: z.array(
        z.object({ key: z.string(), value: z.unknown(), source: z.string(), summary: z.string() }),
      ),
    }),
  }),
  openapi: defineOperation({
    name: 'system.openapi',
    method: 'GET',
    path: '/api/v1/openapi.json',
    summary: 'The API description as an OpenAPI 3.1 document',
    access: 'public',
    output: z.record(z.string(), z.unknown()),
  }),
} as const;
