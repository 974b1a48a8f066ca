/** Permissions of access. */
import type { PermissionKind } from '../core/permission-kind.ts';

export const accessPermissions = {
  'projects.read': { scope: 'project', from: 'viewer' },
  'users.manage': { scope: 'instance', from: 'administrator' },
  'projects.manage': { scope: 'instance', from: 'administrator' },
} as const satisfies Record<string, PermissionKind>;
