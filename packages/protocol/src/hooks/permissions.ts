/** Permissions of hooks. */
import type { PermissionKind } from '../core/permission-kind.ts';

export const hookPermissions = {
  // The address of a hook and the secrets that its settings refer to are the server's own.
  'hooks.manage': {
    scope: 'instance',
    summary: 'Add, test, read and remove hooks, and replay what they received',
  },
} as const satisfies Record<string, PermissionKind>;
