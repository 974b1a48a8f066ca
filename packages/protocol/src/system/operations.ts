/** The instance itself: version, health, metrics, configuration, the API description. */
import { z } from 'zod';

import { defineOperation, type OperationTag } from '../core/operation.ts';
import { health } from './model.ts';

export const systemTags = {
  system: { title: 'System', description: 'Health, metrics, version and configuration.' },
} as const satisfies Record<string, OperationTag>;

export const system = {
  live: defineOperation({
    name: 'system.live',
    method: 'GET',
    path: '/healthz',
    summary: 'Liveness: fails when a loop of this process is dead',
    access: 'public',
    output: health,
    errors: ['unavailable'],
  }),
  ready: defineOperation({
    name: 'system.ready',
    method: 'GET',
    path: '/readyz',
    summary: 'Readiness: loops, database, blob store and nodes',
    access: 'public',
    output: health,
    errors: ['unavailable'],
  }),
  metrics: defineOperation({
    name: 'system.metrics',
    method: 'GET',
    path: '/metrics',
    summary: 'Metrics for Prometheus',
    access: 'metrics.read',
    outputKind: 'text',
  }),
  show: defineOperation({
    name: 'system.show',
    method: 'GET',
    path: '/api/v1/system',
    summary: 'Version, roles, and what is missing',
    access: 'signed-in',
    output: z.object({
      version: z.string(),
      roles: z.array(z.string()),
      startedAt: z.string(),
      /** What cannot be used now, why, and how to get it. */
      missing: z.array(z.object({ part: z.string(), detail: z.string(), advice: z.string() })),
    }),
    cli: { command: 'status' },
  }),
  configuration: defineOperation({
    name: 'system.configuration',
    method: 'GET',
    path: '/api/v1/configuration',
    summary: 'The configuration in force, with secrets masked and where each value came from',
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
    summary: 'This API as an OpenAPI 3.1 document',
    access: 'public',
    output: z.record(z.string(), z.unknown()),
  }),
} as const;
