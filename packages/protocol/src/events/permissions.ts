/** Permissions of events. */
import type { PermissionKind } from '../core/permission-kind.ts';

export const eventPermissions = {
  'events.read': { scope: 'project', summary: 'Follow events' },
  'audit.read': { scope: 'instance', summary: 'Read, export and verify the audit log' },
} as const satisfies Record<string, PermissionKind>;
