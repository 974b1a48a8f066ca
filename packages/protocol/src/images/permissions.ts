/** Permissions of images. */
import type { PermissionKind } from '../core/permission-kind.ts';

export const imagePermissions = {
  'images.read': {
    scope: 'project',
    summary: 'Read images, inspections and their findings, and search them',
  },
  'images.inspect': { scope: 'project', summary: 'Request and cancel inspections' },
  'images.manage': { scope: 'project', summary: 'Remove stored images' },
} as const satisfies Record<string, PermissionKind>;
