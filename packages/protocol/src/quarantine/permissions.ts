/** Permissions of the quarantine and of actions on registries. */
import type { PermissionKind } from '../core/permission-kind.ts';

export const quarantinePermissions = {
  'quarantine.read': {
    scope: 'project',
    summary: 'Read quarantined images and the actions on registries',
  },
  'quarantine.manage': {
    scope: 'project',
    summary: 'Quarantine, release and purge images, and attach verdicts to them',
  },
  'quarantine.approve': {
    scope: 'project',
    summary: 'Approve and reject actions on registries that policies proposed',
  },
} as const satisfies Record<string, PermissionKind>;
