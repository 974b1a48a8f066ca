import { Problem, type Grant, type User } from '@lazaret/protocol';
import { sql } from 'kysely';

import { transaction } from '../floor/db/index.ts';
import { appendEvents } from '../floor/events/index.ts';
import type { Principal } from '../floor/principal.ts';
import { checkCoversGrants } from './covers.ts';
import { accessLimits } from './limits.ts';
import type { AccessParts } from './parts.ts';
import { checkStrength } from './password.ts';
import { checkUserName } from './reserved-names.ts';
import { readUser, writeGrants, type Reader } from './store.ts';

interface UserRequest {
  readonly name: string;
  readonly displayName?: string | undefined;
  readonly password?: string | undefined;
  readonly grants: readonly Grant[];
}

/** Adds a user. Without a password they can only sign in with a one-time link. */
export async function createUser(
  parts: AccessParts,
  principal: Principal,
  request: UserRequest,
): Promise<User> {
  const { name, password, grants } = request;
  checkUserName(name);
  checkCoversGrants(principal, grants);
  if (password !== undefined) checkStrength(password, name);
  const passwordHash = password === undefined ? null : await parts.passwords.hash(password);
  const user = await transaction(parts.database, async (within) => {
    await boundUsers(within);
    await insertUser(within, { name, displayName: request.displayName, passwordHash });
    await writeGrants(within, name, grants);
    await appendEvents(within, [
      { type: 'user.created', subject: name, actor: principal.name, data: { grants } },
    ]);
    return readUser(within, name);
  });
  parts.onEvents();
  return user;
}

/** Writes the row. Throws `already_exists`. */
export async function insertUser(
  database: Reader,
  user: {
    readonly name: string;
    readonly displayName?: string | undefined;
    readonly passwordHash: string | null;
  },
): Promise<void> {
  const { name, displayName, passwordHash } = user;
  const { numInsertedOrUpdatedRows } = await database
    .insertInto('users')
    .values({
      name,
      display_name: displayName === undefined || displayName === '' ? name : displayName,
      password_hash: passwordHash,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows === 0n) {
    throw new Problem('already_exists', `there is a user ${name} already`);
  }
}

async function boundUsers(database: Reader): Promise<void> {
  const { users } = await database
    .selectFrom('users')
    .select(sql<number>`count(*)`.as('users'))
    .executeTakeFirstOrThrow();
  if (users < accessLimits.users) return;
  throw new Problem('conflict', `expected at most ${accessLimits.users} users`);
}
