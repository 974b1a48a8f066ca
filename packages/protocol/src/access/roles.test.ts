import { expect, it } from 'vitest';

import { permissionNames } from '../permissions.ts';
import { roleHas, roleNames, roles, rolesWith } from './roles.ts';

it('every permission is granted by a role other than administrator, except access management', () => {
  const rest = permissionNames.filter(
    (permission) => rolesWith(permission).join() === 'administrator',
  );
  expect(rest.toSorted()).toEqual(['projects.manage', 'users.manage']);
});

it('roles are not ranks: operator and investigator each have what the other lacks', () => {
  const missing = (from: 'operator' | 'investigator', other: 'operator' | 'investigator') =>
    roles[from].permissions.filter((permission) => !roleHas(other, permission));
  expect(missing('operator', 'investigator')).toContain('engines.manage');
  expect(missing('investigator', 'operator')).toContain('jobs.submit');
});

it('every role can read, the administrator can do everything, and no permission is listed twice', () => {
  for (const role of roleNames) {
    const { permissions } = roles[role];
    expect(permissions, role).toEqual(expect.arrayContaining([...roles.viewer.permissions]));
    expect(new Set(permissions).size, role).toBe(permissions.length);
  }
  expect(permissionNames.filter((permission) => !roleHas('administrator', permission))).toEqual([]);
});
