/** Permissions of engines. */
import type { PermissionKind } from '../core/permission-kind.ts';

export const enginePermissions = {
  'engines.read': { scope: 'anywhere', from: 'viewer' },
  'engines.manage': { scope: 'instance', from: 'operator' },
} as const satisfies Record<string, PermissionKind>;
