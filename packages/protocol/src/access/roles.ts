/**
 * The roles: named sets of permissions, which overlap where people's work does and differ where it
 * does not. They are no ranks: who operates an instance need not be allowed to submit samples to
 * it, and who analyses need not be allowed to change engines. Somebody who does both holds both
 * roles.
 */
import { permissionNames, type Permission } from '../permissions.ts';

interface RoleKind {
  /** What people with the role do. */
  readonly summary: string;
  readonly permissions: readonly Permission[];
}

const read = [
  'jobs.read',
  'images.read',
  'engines.read',
  'nodes.read',
  'events.read',
  'projects.read',
] as const satisfies readonly Permission[];

const analyse = [
  'jobs.submit',
  'jobs.control',
  'images.inspect',
] as const satisfies readonly Permission[];

const operate = [
  'jobs.control',
  'images.manage',
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
    permissions: [...read, ...analyse],
  },
  investigator: {
    summary: 'Analyses samples and images, down to the content of their files',
    permissions: [...read, ...analyse, 'files.read'],
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

/** Whether a role has a permission where its grant reaches. */
export function roleHas(role: Role, permission: Permission): boolean {
  return (roles[role].permissions as readonly Permission[]).includes(permission);
}

/** The roles that have a permission. */
export function rolesWith(permission: Permission): Role[] {
  return roleNames.filter((role) => roleHas(role, permission));
}
