/** Permissions of files. */
import type { PermissionKind } from '../core/permission-kind.ts';

export const filePermissions = {
  'files.read': {
    scope: 'project',
    summary: 'Preview, download and submit the content of files, including those of images',
  },
} as const satisfies Record<string, PermissionKind>;
