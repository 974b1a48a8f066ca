/** Users, projects, sessions and tokens. */
import { z } from 'zod';

import { roleNames } from './roles.ts';
import { identifier, slug, timestamp } from '../core/fields.ts';
import { permissionNames } from '../permissions.ts';

export const projectName: z.ZodString = slug;
export const defaultProject = 'default';

const role = z.enum(roleNames);

/** A role in one project or, if `project` is null, in all projects and the instance itself. */
export const grant = z.object({ role, project: projectName.nullable() });
export type Grant = z.output<typeof grant>;

export const user = z.object({
  name: slug,
  displayName: z.string(),
  grants: z.array(grant),
  disabled: z.boolean(),
  hasPassword: z.boolean(),
  createdAt: timestamp,
  lastSeenAt: timestamp.nullable(),
});
export type User = z.output<typeof user>;

export const project = z.object({ name: projectName, title: z.string(), createdAt: timestamp });
export type Project = z.output<typeof project>;

export const token = z.object({
  id: identifier,
  name: z.string(),
  owner: slug,
  prefix: z
    .string()
    .describe(
      'First characters of the secret, to recognize it; only a hash of the secret is stored',
    ),
  permissions: z.array(z.enum(permissionNames)).nullable(),
  project: projectName.nullable(),
  createdAt: timestamp,
  expiresAt: timestamp,
  lastUsedAt: timestamp.nullable(),
  revokedAt: timestamp.nullable(),
});
export type Token = z.output<typeof token>;

/** The caller. `csrf` is set for sessions only. */
export const identity = z.object({
  kind: z.enum(['session', 'token', 'anonymous']),
  name: z.string(),
  displayName: z.string(),
  grants: z.array(grant),
  permissions: z.array(z.enum(permissionNames)),
  projects: z.array(projectName),
  csrf: z.string().nullable(),
});
export type Identity = z.output<typeof identity>;
