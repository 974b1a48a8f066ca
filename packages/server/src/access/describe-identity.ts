import { permissionNames, type Identity } from '@lazaret/protocol';

import { serverLimits } from '../floor/limits.ts';
import { heldPermissions, projectsWith, sortGrants, type Principal } from '../floor/principal.ts';
import { readProjects, type Reader } from './store.ts';

/** The identity of the caller: permissions and projects. */
export async function describeIdentity(database: Reader, principal: Principal): Promise<Identity> {
  const scopes = permissionNames.map((permission) => projectsWith(principal, permission));
  const among = scopes.includes('all') ? 'all' : [...new Set(scopes.flat())];
  const projects = await readProjects(database, { among, limit: serverLimits.projects });
  return {
    kind: principal.kind,
    name: principal.name,
    displayName: principal.displayName,
    grants: sortGrants(principal.grants),
    permissions: heldPermissions(principal),
    projects: projects.map((project) => project.name),
    csrf: principal.csrf,
  };
}
