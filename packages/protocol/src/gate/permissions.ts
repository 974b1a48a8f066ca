/** Permissions of the pull gate. */
import type { PermissionKind } from '../core/permission-kind.ts';

export const gatePermissions = {
  'gate.pull': {
    scope: 'project',
    summary: 'Pull images through the gate, and review the workloads of a cluster',
  },
} as const satisfies Record<string, PermissionKind>;
