/** Permissions of jobs. */
import type { PermissionKind } from '../core/permission-kind.ts';

export const jobPermissions = {
  'jobs.read': { scope: 'project', from: 'viewer' },
  'jobs.submit': { scope: 'project', from: 'submitter' },
  'jobs.control': { scope: 'project', from: 'submitter' },
} as const satisfies Record<string, PermissionKind>;
