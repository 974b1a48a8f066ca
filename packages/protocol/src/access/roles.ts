/**
 * Roles are named sets of permissions. They are not ranks: an operator need not be allowed to
 * submit samples, and an investigator need not be allowed to change engines. A user who does both
 * has both roles.
 */
import { permissionNames, type Permission } from '../permissions.ts';

interface RoleKind {
  /** The purpose of the role. */
  readonly summary: string;
  readonly permissions: readonly Permission[];
}

const read = [
  'jobs.read',
  'images.read',
  'registries.read',
  'policies.read',
  'quarantine.read',
  'scripts.read',
  'engines.read',
  'nodes.read',
  'events.read',
  'projects.read',
] as const satisfies readonly Permission[];

const analyze = [
  'jobs.submit',
  'jobs.control',
  'images.inspect',
  'registries.report',
  'scripts.run',
  'gate.pull',
] as const satisfies readonly Permission[];

const operate = [
  'jobs.control',
  'images.manage',
  'registries.manage',
  'quarantine.manage',
  'quarantine.approve',
  'gate.pull',
  'hooks.manage',
  'policies.manage',
  'notifications.manage',
  'scripts.run',
  'scripts.manage',
  'engines.manage',
  'nodes.manage',
  'audit.read',
  'metrics.read',
  'configuration.read',
] as const satisfies readonly Permission[];

/** Every role, in the order in which they are listed. */
export const roles = {
  viewer: { summary: 'Reads jobs, images and results', permissions: read },
  submitter: {
    summary: 'Submits jobs and inspections',
    permissions: [...read, ...analyze],
  },
  investigator: {
    summary: 'Analyzes samples and images, down to the content of their files',
    permissions: [...read, ...analyze, 'files.read'],
  },
  operator: {
    summary: 'Runs the instance: engines, nodes, stored images, audit log, metrics, configuration',
    permissions: [...read, ...operate],
  },
  administrator: {
    summary: 'Everything, with users and projects',
    permissions: permissionNames,
  },
} as const satisfies Record<string, RoleKind>;

export type Role = keyof typeof roles;
export const roleNames = Object.keys(roles) as [Role, ...Role[]];

/** Whether a role includes a permission. */
export function roleHas(role: Role, permission: Permission): boolean {
  return (roles[role].permissions as readonly Permission[]).includes(permission);
}

/** The roles that include a permission. */
export function rolesWith(permission: Permission): Role[] {
  return roleNames.filter((role) => roleHas(role, permission));
}
