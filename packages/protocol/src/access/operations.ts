/** Operations on users, projects, sessions and tokens. */
import { z } from 'zod';

import { grant, identity, project, projectName, token, user } from './model.ts';
import { identifier, line, page, paging, slug, timestamp } from '../core/fields.ts';
import { defineOperation, type OperationTag } from '../core/operation.ts';
import { limits } from '../limits.ts';
import { permissionNames } from '../permissions.ts';

const password = z
  .string()
  .min(limits.passwordCharsMin, `expected at least ${limits.passwordCharsMin} characters`)
  .max(limits.passwordCharsMax);
const displayName = line(limits.nameChars);
const grants = z.array(grant).max(limits.grantsPerUser);
const byName = z.object({ name: slug.describe('User name') });

export const accessTags = {
  setup: { title: 'Setup', description: 'The first administrator and one-time links.' },
  sessions: { title: 'Sessions', description: 'Sign in and out with a password.' },
  users: { title: 'Users', description: 'Users, their roles and passwords.' },
  projects: { title: 'Projects', description: 'Projects, which separate what users can access.' },
  tokens: {
    title: 'API tokens',
    description: 'Credentials for programs: scoped, expiring, revocable.',
  },
} as const satisfies Record<string, OperationTag>;

export const access = {
  setupShow: defineOperation({
    name: 'setup.show',
    method: 'GET',
    path: '/api/v1/setup',
    summary: 'Show whether the first administrator has to be created',
    access: 'public',
    output: z.object({ needed: z.boolean() }),
  }),
  setupComplete: defineOperation({
    name: 'setup.complete',
    method: 'POST',
    path: '/api/v1/setup',
    summary: 'Use a one-time link: create the first administrator or set a password, and sign in',
    access: 'public',
    csrfExempt: true,
    body: z.object({
      link: z.string().max(200).describe('Secret of the one-time link'),
      name: slug.optional().describe('User name'),
      password: password.describe('New password'),
    }),
    output: identity,
    errors: ['setup_link_invalid', 'weak_password', 'already_exists'],
  }),
  setupLink: defineOperation({
    name: 'setup.link',
    method: 'POST',
    path: '/api/v1/setup/link',
    summary: 'Get the one-time link that creates the first administrator',
    description: 'Fails with `conflict` once an administrator can sign in.',
    access: 'users.manage',
    output: z.object({ url: z.string(), expiresAt: timestamp }),
    errors: ['conflict'],
  }),
  sessionCreate: defineOperation({
    name: 'sessions.create',
    method: 'POST',
    path: '/api/v1/sessions',
    summary: 'Sign in with a password; sets a session cookie',
    access: 'public',
    csrfExempt: true,
    body: z.object({
      name: slug.describe('User name'),
      password: z.string().min(1).max(limits.passwordCharsMax).describe('Password'),
    }),
    output: identity,
    errors: ['wrong_credentials', 'too_many_requests'],
  }),
  sessionShow: defineOperation({
    name: 'sessions.show',
    method: 'GET',
    path: '/api/v1/sessions/current',
    summary: 'Show the current user and their permissions',
    access: 'signed-in',
    output: identity,
    cli: { command: 'whoami' },
  }),
  sessionDelete: defineOperation({
    name: 'sessions.delete',
    method: 'DELETE',
    path: '/api/v1/sessions/current',
    summary: 'Sign out',
    access: 'signed-in',
  }),
  userList: defineOperation({
    name: 'users.list',
    method: 'GET',
    path: '/api/v1/users',
    summary: 'List users',
    access: 'users.manage',
    query: z.object(paging),
    output: page(user),
    cli: {
      command: 'users list',
      columns: ['name', 'displayName', 'grants', 'disabled', 'lastSeenAt'],
    },
  }),
  userCreate: defineOperation({
    name: 'users.create',
    method: 'POST',
    path: '/api/v1/users',
    summary: 'Add a user; without a password they sign in with a one-time link (`users link`)',
    access: 'users.manage',
    status: 201,
    body: z.object({
      name: slug.describe('User name'),
      displayName: displayName.optional().describe('Display name'),
      password: password.optional().describe('Password'),
      grants: grants.default([]).describe('Roles of the user, each in one project or in all'),
    }),
    output: user,
    errors: ['already_exists', 'weak_password', 'not_found'],
    cli: { command: 'users add', positional: ['name'] },
  }),
  userUpdate: defineOperation({
    name: 'users.update',
    method: 'PATCH',
    path: '/api/v1/users/:name',
    summary: 'Change the display name or roles of a user, or disable or enable the user',
    access: 'users.manage',
    params: byName,
    body: z.object({
      displayName: displayName.optional().describe('Display name'),
      grants: grants.optional().describe('Roles of the user, each in one project or in all'),
      disabled: z.boolean().optional().describe('Whether the user is prevented from signing in'),
    }),
    output: user,
    errors: ['not_found', 'last_administrator'],
    cli: { command: 'users update' },
  }),
  userDelete: defineOperation({
    name: 'users.delete',
    method: 'DELETE',
    path: '/api/v1/users/:name',
    summary: 'Remove a user and their sessions and tokens',
    access: 'users.manage',
    params: byName,
    errors: ['not_found', 'last_administrator'],
    cli: { command: 'users remove', confirm: true },
  }),
  userLink: defineOperation({
    name: 'users.link',
    method: 'POST',
    path: '/api/v1/users/:name/link',
    summary: 'Create a one-time link to set a password and sign in',
    access: 'users.manage',
    params: byName,
    output: z.object({ link: z.string(), url: z.string(), expiresAt: timestamp }),
    errors: ['not_found'],
    cli: { command: 'users link' },
  }),
  passwordChange: defineOperation({
    name: 'users.password',
    method: 'PUT',
    path: '/api/v1/users/:name/password',
    summary: 'Change your password or, as an administrator, that of another user',
    access: 'signed-in',
    params: byName,
    body: z.object({
      current: z
        .string()
        .max(limits.passwordCharsMax)
        .optional()
        .describe(
          'Current password; not required for administrators who change that of another user',
        ),
      password: password.describe('New password'),
    }),
    errors: ['not_found', 'wrong_credentials', 'weak_password', 'too_many_requests'],
    cli: { command: 'users password' },
  }),
  projectList: defineOperation({
    name: 'projects.list',
    method: 'GET',
    path: '/api/v1/projects',
    summary: 'List the projects that you can access',
    access: 'projects.read',
    query: z.object(paging),
    output: page(project),
    cli: { command: 'projects list', columns: ['name', 'title', 'createdAt'] },
  }),
  projectCreate: defineOperation({
    name: 'projects.create',
    method: 'POST',
    path: '/api/v1/projects',
    summary: 'Add a project',
    access: 'projects.manage',
    status: 201,
    body: z.object({
      name: projectName.describe('Name of the project'),
      title: line(limits.nameChars).default('').describe('Display title'),
    }),
    output: project,
    errors: ['already_exists'],
    cli: { command: 'projects add', positional: ['name'] },
  }),
  projectDelete: defineOperation({
    name: 'projects.delete',
    method: 'DELETE',
    path: '/api/v1/projects/:name',
    summary: 'Remove an empty project',
    access: 'projects.manage',
    params: byName,
    errors: ['not_found', 'conflict'],
    cli: { command: 'projects remove', confirm: true },
  }),
  tokenList: defineOperation({
    name: 'tokens.list',
    method: 'GET',
    path: '/api/v1/tokens',
    summary: 'List your API tokens or, as an administrator, those of all users',
    access: 'signed-in',
    query: z.object({ ...paging, owner: slug.optional().describe('Only tokens of this user') }),
    output: page(token),
    errors: ['forbidden'],
    cli: {
      command: 'tokens list',
      columns: ['id', 'name', 'owner', 'prefix', 'project', 'expiresAt', 'lastUsedAt', 'revokedAt'],
    },
  }),
  tokenCreate: defineOperation({
    name: 'tokens.create',
    method: 'POST',
    path: '/api/v1/tokens',
    summary: 'Create an API token; its secret is shown once',
    access: 'signed-in',
    status: 201,
    body: z.object({
      name: line(limits.nameChars).min(1).describe('Name of the token'),
      days: z
        .number()
        .int()
        .min(1)
        .max(limits.tokenDaysMax)
        .default(90)
        .describe('Days until the token expires'),
      permissions: z
        .array(z.enum(permissionNames))
        .min(1)
        .optional()
        .describe('Restrict the token to these permissions'),
      project: projectName.optional().describe('Restrict the token to this project'),
    }),
    output: z.object({ token, secret: z.string() }),
    errors: ['forbidden', 'not_found', 'conflict'],
    cli: { command: 'tokens add', positional: ['name'] },
  }),
  tokenRevoke: defineOperation({
    name: 'tokens.revoke',
    method: 'DELETE',
    path: '/api/v1/tokens/:id',
    summary: 'Revoke an API token immediately',
    access: 'signed-in',
    params: z.object({ id: identifier.describe('ID of the token') }),
    errors: ['not_found'],
    cli: { command: 'tokens revoke' },
  }),
} as const;
