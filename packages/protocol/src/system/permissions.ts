/** Permissions of system. */
import type { PermissionKind } from '../core/permission-kind.ts';

export const systemPermissions = {
  'metrics.read': { scope: 'instance', summary: 'Read metrics' },
  'configuration.read': { scope: 'instance', summary: 'Read the configuration' },
} as const satisfies Record<string, PermissionKind>;
