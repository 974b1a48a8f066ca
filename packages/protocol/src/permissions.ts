/** Every permission, from all capabilities. `docs/permissions.md` shows this table. */
import { accessPermissions } from './access/permissions.ts';
import type { PermissionKind } from './core/permission-kind.ts';
import { enginePermissions } from './engines/permissions.ts';
import { eventPermissions } from './events/permissions.ts';
import { filePermissions } from './files/permissions.ts';
import { gatePermissions } from './gate/permissions.ts';
import { hookPermissions } from './hooks/permissions.ts';
import { imagePermissions } from './images/permissions.ts';
import { jobPermissions } from './jobs/permissions.ts';
import { nodePermissions } from './nodes/permissions.ts';
import { policyPermissions } from './policies/permissions.ts';
import { notificationPermissions } from './notifications/permissions.ts';
import { quarantinePermissions } from './quarantine/permissions.ts';
import { registryPermissions } from './registries/permissions.ts';
import { scriptPermissions } from './scripts/permissions.ts';
import { systemPermissions } from './system/permissions.ts';

export const permissions = {
  ...jobPermissions,
  ...imagePermissions,
  ...filePermissions,
  ...registryPermissions,
  ...quarantinePermissions,
  ...hookPermissions,
  ...policyPermissions,
  ...notificationPermissions,
  ...scriptPermissions,
  ...gatePermissions,
  ...enginePermissions,
  ...nodePermissions,
  ...eventPermissions,
  ...accessPermissions,
  ...systemPermissions,
} as const satisfies Record<string, PermissionKind>;

export type Permission = keyof typeof permissions;
export const permissionNames = Object.keys(permissions) as [Permission, ...Permission[]];
