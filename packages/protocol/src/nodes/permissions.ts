/** Permissions of nodes. */
import type { PermissionKind } from '../core/permission-kind.ts';

export const nodePermissions = {
  'nodes.read': { scope: 'anywhere', from: 'viewer' },
  'nodes.manage': { scope: 'instance', from: 'operator' },
} as const satisfies Record<string, PermissionKind>;
