/** Permissions of collector scripts. */
import type { PermissionKind } from '../core/permission-kind.ts';

export const scriptPermissions = {
  'scripts.read': { scope: 'anywhere', summary: 'Read collector scripts and their progress' },
  'scripts.run': { scope: 'project', summary: 'Run collector scripts in images' },
  // What runs in containers of all projects is a matter of the instance.
  'scripts.manage': {
    scope: 'instance',
    summary: 'Add, change, remove, pause and resume collector scripts',
  },
} as const satisfies Record<string, PermissionKind>;
