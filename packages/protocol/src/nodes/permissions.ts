/** Permissions of nodes. */
import type { PermissionKind } from '../core/permission-kind.ts';

export const nodePermissions = {
  'nodes.read': { scope: 'anywhere', summary: 'List nodes' },
  'nodes.manage': { scope: 'instance', summary: 'Cordon and uncordon nodes' },
} as const satisfies Record<string, PermissionKind>;
