/** Roles and permissions: one row per permission, the least role that has it, where it reaches. */

export const roles = ['viewer', 'submitter', 'investigator', 'operator', 'administrator'] as const;
export type Role = (typeof roles)[number];

/**
 * Where a permission reaches: `project` counts in the projects of its grant; `anywhere` is held
 * by whoever has it in any project (shared catalogues); `instance` needs a grant on all projects.
 */
export type PermissionScope = 'project' | 'anywhere' | 'instance';

interface PermissionRow {
  readonly scope: PermissionScope;
  /** The least role that has it; every role has what the roles before it have. */
  readonly from: Role;
}

export const permissions = {
  'jobs.read': { scope: 'project', from: 'viewer' },
  'jobs.submit': { scope: 'project', from: 'submitter' },
  'jobs.control': { scope: 'project', from: 'submitter' },
  'images.read': { scope: 'project', from: 'viewer' },
  'images.inspect': { scope: 'project', from: 'submitter' },
  'images.manage': { scope: 'project', from: 'operator' },
  'events.read': { scope: 'project', from: 'viewer' },
  'projects.read': { scope: 'project', from: 'viewer' },
  'engines.read': { scope: 'anywhere', from: 'viewer' },
  'engines.manage': { scope: 'instance', from: 'operator' },
  'nodes.read': { scope: 'anywhere', from: 'viewer' },
  'nodes.manage': { scope: 'instance', from: 'operator' },
  'audit.read': { scope: 'instance', from: 'operator' },
  'metrics.read': { scope: 'instance', from: 'operator' },
  'configuration.read': { scope: 'instance', from: 'operator' },
  'users.manage': { scope: 'instance', from: 'administrator' },
  'projects.manage': { scope: 'instance', from: 'administrator' },
} as const satisfies Record<string, PermissionRow>;

export type Permission = keyof typeof permissions;
export const permissionNames = Object.keys(permissions) as [Permission, ...Permission[]];

/** Whether a role has a permission where its grant reaches. */
export function roleHas(role: Role, permission: Permission): boolean {
  return roles.indexOf(role) >= roles.indexOf(permissions[permission].from);
}
