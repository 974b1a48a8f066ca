/** Permissions of jobs. */
import type { PermissionKind } from '../core/permission-kind.ts';

export const jobPermissions = {
  'jobs.read': {
    scope: 'project',
    summary: 'Read jobs and logs, and download samples and results',
  },
  'jobs.submit': { scope: 'project', summary: 'Upload samples, submit jobs and run them again' },
  'jobs.control': { scope: 'project', summary: 'Cancel jobs' },
} as const satisfies Record<string, PermissionKind>;
