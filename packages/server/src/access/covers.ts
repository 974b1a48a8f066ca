/**
 * No one grants more than they have: a restricted token can neither create a broader one nor
 * create or impersonate a user with more permissions. Pure.
 */
import {
  Problem,
  permissionNames,
  permissions,
  roleHas,
  type Grant,
  type Permission,
} from '@lazaret/protocol';

import { inScope, projectsWith, type Principal } from '../floor/principal.ts';

/** Restrictions of a token; null is unrestricted. */
export interface TokenScope {
  readonly permissions: readonly Permission[] | null;
  readonly project: string | null;
}

/** Throws `forbidden` unless the caller has all permissions of the grants. */
export function checkCoversGrants(principal: Principal, grants: readonly Grant[]): void {
  for (const { role, project } of grants) {
    const lacking = permissionNames.find(
      (permission) => roleHas(role, permission) && !coversIn(principal, permission, project),
    );
    if (lacking === undefined) continue;
    const place = project === null ? 'on all projects' : `in ${project}`;
    throw new Problem(
      'forbidden',
      `the role ${role} ${place} includes ${lacking}, which exceeds your permissions`,
    );
  }
}

/** Whether the caller has a permission wherever a grant on `project` gives it. */
function coversIn(principal: Principal, permission: Permission, project: string | null): boolean {
  const scope = projectsWith(principal, permission);
  if (project === null) return scope === 'all';
  // A grant on one project never applies to the instance.
  return permissions[permission].scope === 'instance' || inScope(scope, project);
}

/**
 * The scope of a new token: as requested, otherwise that of the caller. Throws `forbidden` for
 * more than the caller has now, `not_found` for a project that is not visible.
 */
export function narrowScope(
  principal: Principal,
  asked: {
    readonly permissions?: readonly Permission[] | undefined;
    readonly project?: string | undefined;
  },
): TokenScope {
  const wanted = asked.permissions ?? principal.onlyPermissions;
  const project = asked.project ?? principal.onlyProject;
  if (project !== null && !seesProject(principal, project)) {
    throw new Problem('not_found', `there is no project ${project} that you can see`);
  }
  const lacking = (wanted ?? []).find((permission) => !mayPass(principal, permission, project));
  if (lacking !== undefined) {
    const where = project === null ? '' : ` in ${project}`;
    throw new Problem('forbidden', `${lacking}${where} exceeds your permissions`);
  }
  return { permissions: wanted === null ? null : [...new Set(wanted)], project };
}

/** Whether a token for `project`, or for all projects of the caller, may have the permission. */
function mayPass(principal: Principal, permission: Permission, project: string | null): boolean {
  const scope = projectsWith(principal, permission);
  // A token for one project never applies to the instance.
  const isForProject = project !== null && permissions[permission].scope !== 'instance';
  return isForProject ? inScope(scope, project) : scope === 'all' || scope.length > 0;
}

function seesProject(principal: Principal, project: string): boolean {
  return permissionNames.some((permission) =>
    inScope(projectsWith(principal, permission), project),
  );
}
