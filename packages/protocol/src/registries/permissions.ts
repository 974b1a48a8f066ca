/** Permissions of registries. */
import type { PermissionKind } from '../core/permission-kind.ts';

export const registryPermissions = {
  'registries.read': {
    scope: 'project',
    summary: 'Read watched registries, their tags and what arrived in them',
  },
  'registries.report': { scope: 'project', summary: 'Report pushes to watched registries' },
  // Its settings name internal hosts and credentials of the server: for all projects only.
  'registries.manage': {
    scope: 'instance',
    summary: 'Add, change, check, poll and remove watched registries',
  },
} as const satisfies Record<string, PermissionKind>;
