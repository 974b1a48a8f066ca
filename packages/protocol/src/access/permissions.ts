/** Permissions of access. */
import type { PermissionKind } from '../core/permission-kind.ts';

export const accessPermissions = {
  'projects.read': { scope: 'project', summary: 'List projects' },
  'users.manage': { scope: 'instance', summary: 'Add, change and remove users' },
  'projects.manage': { scope: 'instance', summary: 'Add and remove projects' },
} as const satisfies Record<string, PermissionKind>;
