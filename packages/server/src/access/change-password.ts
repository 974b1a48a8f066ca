import { Problem } from '@lazaret/protocol';

import { transaction } from '../floor/db/index.ts';
import { appendEvents } from '../floor/events/index.ts';
import { requirePermission } from '../floor/principal.ts';
import { checkCoversGrants } from './covers.ts';
import { readCredentials } from './credentials.ts';
import type { AccessParts, Caller } from './parts.ts';
import { checkStrength } from './password.ts';
import { refuseLocalUser } from './reserved-names.ts';
import { endSessionsOf } from './sessions.ts';
import { checkPassword, reportRefusal } from './sign-in.ts';
import { findUser, noUser, readUser } from './store.ts';

interface PasswordRequest {
  readonly name: string;
  readonly current?: string | undefined;
  readonly password: string;
}

/**
 * Sets a password: one's own with the current one, or as an administrator that of another user.
 * Every session of the user ends except that of the caller; unused links end too.
 */
export async function changePassword(
  parts: AccessParts,
  caller: Caller,
  request: PasswordRequest,
): Promise<void> {
  const { name, password } = request;
  const own = name === caller.principal.name;
  refuseLocalUser(name, 'it has no password');
  if (own) await proveCurrent(parts, caller, request);
  else await allowForAnother(parts, caller, name);
  checkStrength(password, name);
  await setPassword(parts, {
    name,
    password,
    actor: caller.principal.name,
    ...(own ? { keepSession: ownSession(caller) } : {}),
  });
}

async function proveCurrent(
  parts: AccessParts,
  { address }: Caller,
  { name, current }: PasswordRequest,
): Promise<void> {
  if (current === undefined) {
    throw new Problem('invalid_request', 'current: expected your current password', {
      fields: [{ path: 'current', message: 'expected your current password' }],
    });
  }
  const attempt = await parts.throttle.begin(name, address);
  const user = await findUser(parts.database, name);
  if (!(await checkPassword(parts, { attempt, user, password: current }))) {
    await reportRefusal(parts, user, address);
    throw new Problem('wrong_credentials', 'the current password is wrong');
  }
  await attempt.succeeded();
}

/** Setting another user's password allows acting as them, so it needs all of their permissions. */
async function allowForAnother(
  parts: AccessParts,
  { principal }: Caller,
  name: string,
): Promise<void> {
  requirePermission(principal, 'users.manage');
  const user = await readUser(parts.database, name);
  checkCoversGrants(principal, user.grants);
}

function ownSession({ headers }: Caller): string | undefined {
  const credentials = readCredentials(headers);
  return credentials?.kind === 'session' ? credentials.secret : undefined;
}

async function setPassword(
  parts: AccessParts,
  change: {
    readonly name: string;
    readonly password: string;
    readonly actor: string;
    readonly keepSession?: string | undefined;
  },
): Promise<void> {
  const { name, actor, keepSession } = change;
  const passwordHash = await parts.passwords.hash(change.password);
  await transaction(parts.database, async (within) => {
    const { numUpdatedRows } = await within
      .updateTable('users')
      .set({ password_hash: passwordHash })
      .where('name', '=', name)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) throw noUser(name);
    await within.deleteFrom('links').where('user_name', '=', name).execute();
    const sessionsEnded = await endSessionsOf(within, name, keepSession);
    await appendEvents(within, [
      { type: 'user.password', subject: name, actor, data: { how: 'password', sessionsEnded } },
    ]);
  });
  parts.onEvents();
}
