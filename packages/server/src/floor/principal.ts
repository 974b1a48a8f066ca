/** The caller and its permissions. Pure: created by the access slice, used by every other one. */
import {
  permissionNames,
  permissions,
  Problem,
  roleHas,
  roleNames,
  rolesWith,
  type Grant,
  type Permission,
} from '@lazaret/protocol';

export interface Principal {
  readonly kind: 'session' | 'token' | 'anonymous';
  /** The user's name; the actor of events. */
  readonly name: string;
  readonly displayName: string;
  readonly grants: readonly Grant[];
  /** A token may have fewer permissions than its owner. */
  readonly onlyPermissions: readonly Permission[] | null;
  readonly onlyProject: string | null;
  /** The CSRF token for changing calls of a session. */
  readonly csrf: string | null;
}

/** The projects of a permission: all of them, or these. */
export type ProjectScope = 'all' | readonly string[];

/** Where the principal holds a permission. */
export function projectsWith(principal: Principal, permission: Permission): ProjectScope {
  if (principal.onlyPermissions !== null && !principal.onlyPermissions.includes(permission))
    return [];
  const holding = principal.grants.filter((grant) => roleHas(grant.role, permission));
  const everywhere = holding.some((grant) => grant.project === null);
  const only = principal.onlyProject;
  if (only !== null) {
    return everywhere || holding.some((grant) => grant.project === only) ? [only] : [];
  }
  if (everywhere) return 'all';
  return [...new Set(holding.flatMap((grant) => (grant.project === null ? [] : [grant.project])))];
}

/**
 * Whether the principal holds a permission, in the given project where the permission is scoped.
 */
export function holds(principal: Principal, permission: Permission, project?: string): boolean {
  const where = projectsWith(principal, permission);
  const { scope } = permissions[permission];
  if (scope === 'instance') return where === 'all';
  if (scope === 'anywhere' || project === undefined) return where === 'all' || where.length > 0;
  return inScope(where, project);
}

export function inScope(scope: ProjectScope, project: string): boolean {
  return scope === 'all' || scope.includes(project);
}

/** Refuses with the missing role. */
export function requirePermission(
  principal: Principal,
  permission: Permission,
  project?: string,
): void {
  if (holds(principal, permission, project)) return;
  throw forbidden(principal, permission, project);
}

export function forbidden(principal: Principal, permission: Permission, project?: string): Problem {
  const { scope } = permissions[permission];
  const place =
    scope === 'instance' ? ' on all projects' : project === undefined ? '' : ` in ${project}`;
  const narrower = principal.kind === 'token' ? ', and a token whose scope includes it' : '';
  return new Problem(
    'forbidden',
    `this requires the permission ${permission}${place}: ${roleChoice(permission)}${narrower}`,
  );
}

/** `the role submitter, investigator or administrator`. */
function roleChoice(permission: Permission): string {
  const names = rolesWith(permission);
  const last = names.at(-1) ?? '';
  return `the role ${names.length === 1 ? last : `${names.slice(0, -1).join(', ')} or ${last}`}`;
}

/**
 * The project of a new object: the requested one, or that of the token, or the only one that the
 * principal can use, or `default`. A project that is not visible does not exist for the caller.
 */
export function chooseProject(
  principal: Principal,
  permission: Permission,
  asked: string | undefined,
): string {
  const scope = projectsWith(principal, permission);
  const fallback = scope !== 'all' && !scope.includes('default') ? scope[0] : undefined;
  const project = asked ?? fallback ?? 'default';
  if (inScope(scope, project)) return project;
  if (inScope(projectsWith(principal, 'projects.read'), project)) {
    throw forbidden(principal, permission, project);
  }
  throw new Problem('not_found', `there is no project ${project} that you can see`);
}

/** Every permission held anywhere, for a console to know what to show. */
export function heldPermissions(principal: Principal): Permission[] {
  return permissionNames.filter((permission) => holds(principal, permission));
}

/** In the order of the table of roles, for display. */
export function sortGrants(grants: readonly Grant[]): Grant[] {
  return grants.toSorted((a, b) => roleNames.indexOf(a.role) - roleNames.indexOf(b.role));
}
