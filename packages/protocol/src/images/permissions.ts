/** Permissions of images. */
import type { PermissionKind } from '../core/permission-kind.ts';

export const imagePermissions = {
  'images.read': { scope: 'project', from: 'viewer' },
  'images.inspect': { scope: 'project', from: 'submitter' },
  'images.manage': { scope: 'project', from: 'operator' },
} as const satisfies Record<string, PermissionKind>;
