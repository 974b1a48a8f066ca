/** Permissions of files. */
import type { PermissionKind } from '../core/permission-kind.ts';

export const filePermissions = {
  'files.read': {
    scope: 'project',
    summary: 'Preview, download and submit the content of files, those of images among them',
  },
} as const satisfies Record<string, PermissionKind>;
