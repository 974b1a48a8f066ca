/** Rows of the table of permissions. */
/**
 * Where a permission applies: `project` in the project of the grant; `anywhere` is granted by a
 * role in any project (shared catalogs); `instance` requires a grant on all projects.
 */
export type PermissionScope = 'project' | 'anywhere' | 'instance';

export interface PermissionKind {
  readonly scope: PermissionScope;
  /** What it allows. */
  readonly summary: string;
}
