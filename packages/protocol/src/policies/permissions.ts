/** Permissions of policies, exceptions and decisions. */
import type { PermissionKind } from '../core/permission-kind.ts';

export const policyPermissions = {
  'policies.read': {
    scope: 'project',
    summary: 'Read policies, exceptions and decisions',
  },
  'policies.manage': {
    scope: 'project',
    summary: 'Try and change policies, change exceptions, and judge stored images again',
  },
} as const satisfies Record<string, PermissionKind>;
