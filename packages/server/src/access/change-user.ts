/**
 * Changing and removing users. The last administrator cannot be removed: every change that may
 * remove one runs under one lock, applies the change, counts the remaining administrators, and is
 * rolled back when there are none. Two administrators who demote each other concurrently are
 * therefore processed one after the other, and the second is refused.
 */
import { Problem, type Grant, type User } from '@lazaret/protocol';
import type { Transaction } from 'kysely';

import { transaction, type Database } from '../floor/db/index.ts';
import { appendEvents } from '../floor/events/index.ts';
import type { Principal } from '../floor/principal.ts';
import { checkCoversGrants } from './covers.ts';
import type { AccessParts } from './parts.ts';
import { refuseLocalUser } from './reserved-names.ts';
import { endSessionsOf } from './sessions.ts';
import { administrators, holdUser, lockAdministrators, readUser, writeGrants } from './store.ts';

interface UserChange {
  readonly displayName?: string | undefined;
  readonly grants?: readonly Grant[] | undefined;
  readonly disabled?: boolean | undefined;
}

/**
 * Changes the name shown, the roles, or whether the user is enabled; applies to their next call.
 */
export async function changeUser(
  parts: AccessParts,
  principal: Principal,
  { name, change }: { readonly name: string; readonly change: UserChange },
): Promise<User> {
  const changed = await keepAnAdministrator(parts, async (within) => {
    await holdUser(within, name);
    const before = await readUser(within, name);
    await applyChange(within, { principal, before, change });
    const after = await readUser(within, name);
    const data = describeChange(before, after);
    if (Object.keys(data).length > 0) {
      await appendEvents(within, [
        { type: 'user.changed', subject: name, actor: principal.name, data },
      ]);
    }
    return after;
  });
  parts.onEvents();
  return changed;
}

async function applyChange(
  within: Transaction<Database>,
  work: { readonly principal: Principal; readonly before: User; readonly change: UserChange },
): Promise<void> {
  const { principal, before, change } = work;
  const { displayName, grants, disabled } = change;
  if (grants !== undefined) {
    checkCoversGrants(
      principal,
      grants.filter((grant) => !hasGrant(before, grant)),
    );
    await writeGrants(within, before.name, grants);
  }
  if (displayName !== undefined || disabled !== undefined) {
    await within
      .updateTable('users')
      .set({
        ...(displayName === undefined ? {} : { display_name: displayName || before.name }),
        ...(disabled === undefined ? {} : { disabled }),
      })
      .where('name', '=', before.name)
      .execute();
  }
  if (disabled === true) {
    await endSessionsOf(within, before.name);
    await within.deleteFrom('links').where('user_name', '=', before.name).execute();
  }
}

function hasGrant(user: User, { role, project }: Grant): boolean {
  return user.grants.some((held) => held.role === role && held.project === project);
}

function describeChange(before: User, after: User): Record<string, unknown> {
  const data: Record<string, unknown> = {};
  for (const field of ['displayName', 'grants', 'disabled'] as const) {
    if (JSON.stringify(before[field]) === JSON.stringify(after[field])) continue;
    data[field] = { from: before[field], to: after[field] };
  }
  return data;
}

/**
 * Removes a user with their sessions, tokens, links and grants; their actions remain in the audit
 * log.
 */
export async function removeUser(
  parts: AccessParts,
  principal: Principal,
  name: string,
): Promise<void> {
  refuseLocalUser(name, 'it cannot be removed');
  await keepAnAdministrator(parts, async (within) => {
    await holdUser(within, name);
    const { grants } = await readUser(within, name);
    await within.deleteFrom('users').where('name', '=', name).execute();
    await appendEvents(within, [
      { type: 'user.removed', subject: name, actor: principal.name, data: { grants } },
    ]);
  });
  parts.onEvents();
}

async function keepAnAdministrator<T>(
  parts: AccessParts,
  work: (within: Transaction<Database>) => Promise<T>,
): Promise<T> {
  return transaction(parts.database, async (within) => {
    await lockAdministrators(within);
    const before = await administrators(within);
    const result = await work(within);
    // Without one before, nothing is lost: an instance is set up from its own machine.
    if (before.length > 0 && (await administrators(within)).length === 0) {
      throw new Problem(
        'last_administrator',
        `${before.join(', ')} is the only administrator who can sign in`,
      );
    }
    return result;
  });
}
