/** What the table of permissions says of each. */
import type { Role } from '../access/roles.ts';

/**
 * Where a permission reaches: `project` counts in the projects of its grant; `anywhere` is held
 * by whoever has it in any project (shared catalogues); `instance` needs a grant on all projects.
 */
export type PermissionScope = 'project' | 'anywhere' | 'instance';

export interface PermissionKind {
  readonly scope: PermissionScope;
  /** The least role that has it; every role has what the roles before it have. */
  readonly from: Role;
}
