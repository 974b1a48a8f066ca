/** Permissions of notifications. */
import type { PermissionKind } from '../core/permission-kind.ts';

export const notificationPermissions = {
  // Targets receive events of every project, and refer to secrets and hosts of the server.
  'notifications.manage': {
    scope: 'instance',
    summary: 'Add, test, read and remove targets of notifications, and replay deliveries',
  },
} as const satisfies Record<string, PermissionKind>;
