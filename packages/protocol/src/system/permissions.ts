/** Permissions of system. */
import type { PermissionKind } from '../core/permission-kind.ts';

export const systemPermissions = {
  'metrics.read': { scope: 'instance', from: 'operator' },
  'configuration.read': { scope: 'instance', from: 'operator' },
} as const satisfies Record<string, PermissionKind>;
