/** Permissions of events. */
import type { PermissionKind } from '../core/permission-kind.ts';

export const eventPermissions = {
  'events.read': { scope: 'project', from: 'viewer' },
  'audit.read': { scope: 'instance', from: 'operator' },
} as const satisfies Record<string, PermissionKind>;
