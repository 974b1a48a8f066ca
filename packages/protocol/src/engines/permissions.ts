/** Permissions of engines. */
import type { PermissionKind } from '../core/permission-kind.ts';

export const enginePermissions = {
  'engines.read': { scope: 'anywhere', summary: 'List engines and read their manifests' },
  'engines.manage': { scope: 'instance', summary: 'Add, change and remove engines' },
} as const satisfies Record<string, PermissionKind>;
