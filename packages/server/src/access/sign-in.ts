import { Problem } from '@lazaret/protocol';
import type { Transaction } from 'kysely';

import { transaction, type Database } from '../floor/db/index.ts';
import { appendEvents } from '../floor/events/index.ts';
import type { Principal } from '../floor/principal.ts';
import { makeSessionPrincipal } from './authenticate.ts';
import { readCredentials } from './credentials.ts';
import type { AccessParts, Caller } from './parts.ts';
import { beginSession, endSession } from './sessions.ts';
import { findUser, readGrants, type StoredUser } from './store.ts';
import type { SignInTry } from './throttle.ts';

export interface SignedIn {
  readonly principal: Principal;
  /** For the cookie. */
  readonly secret: string;
}

type From = Pick<Caller, 'address' | 'headers'>;

/**
 * Checks a password and starts a session. A wrong name, a wrong password, a user without a
 * password and a disabled one have the same result, `wrong_credentials`, after the same work.
 */
export async function signIn(
  parts: AccessParts,
  given: { readonly name: string; readonly password: string },
  from: From,
): Promise<SignedIn> {
  const attempt = await parts.throttle.begin(given.name, from.address);
  const user = await findUser(parts.database, given.name);
  const right = await checkPassword(parts, { attempt, user, password: given.password });
  if (user === undefined || !right || user.disabled) {
    await reportRefusal(parts, user, from.address);
    throw new Problem('wrong_credentials', 'the name or the password is wrong');
  }
  const fresh = await rehash(parts, user, given.password);
  const signedIn = await transaction(parts.database, (within) =>
    openSession(within, { user, from, how: 'password', ...(fresh === undefined ? {} : { fresh }) }),
  );
  await attempt.succeeded();
  parts.onEvents();
  return signedIn;
}

/** Whether the password is right; a check that did not run does not count as an attempt. */
export async function checkPassword(
  parts: AccessParts,
  check: {
    readonly attempt: SignInTry;
    readonly user: StoredUser | undefined;
    readonly password: string;
  },
): Promise<boolean> {
  try {
    return await parts.passwords.verify(check.password, check.user?.password_hash ?? null);
  } catch (error) {
    await check.attempt.undo();
    throw error;
  }
}

/** The event of a refusal only has names of existing users: people type passwords as names. */
export async function reportRefusal(
  parts: AccessParts,
  user: StoredUser | undefined,
  address: string,
): Promise<void> {
  const subject = user?.name ?? 'unknown';
  const reason =
    user === undefined ? 'unknown user' : user.disabled ? 'disabled user' : 'wrong password';
  await appendEvents(parts.database, [
    { type: 'session.refused', subject, actor: 'nobody', data: { address, reason } },
  ]);
  parts.onEvents();
  parts.log.info({ user: subject, address, reason }, 'sign-in refused');
}

/** The password hashed with the current parameters, if the stored hash has others. */
async function rehash(
  parts: AccessParts,
  user: StoredUser,
  password: string,
): Promise<string | undefined> {
  if (user.password_hash === null || !parts.passwords.isOutdated(user.password_hash)) {
    return undefined;
  }
  return parts.passwords.hash(password);
}

interface Opening {
  readonly user: Pick<StoredUser, 'name' | 'password_hash'>;
  readonly from: From;
  readonly how: 'password' | 'link';
  /** Replaces the stored password. */
  readonly fresh?: string;
}

/**
 * Starts a session that replaces the one of the caller, if any. The user is read again under
 * a lock: they may have been disabled, or their password set, while the password was checked.
 */
export async function openSession(
  within: Transaction<Database>,
  { user, from, how, fresh }: Opening,
): Promise<SignedIn> {
  const now = await within
    .selectFrom('users')
    .select(['display_name', 'password_hash', 'disabled'])
    .where('name', '=', user.name)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (now === undefined || now.disabled || now.password_hash !== user.password_hash) {
    throw new Problem('wrong_credentials', 'the name or the password is wrong');
  }
  if (fresh !== undefined) {
    await within
      .updateTable('users')
      .set({ password_hash: fresh })
      .where('name', '=', user.name)
      .execute();
  }
  await endPresentSession(within, from);
  const { name } = user;
  const session = await beginSession(within, { name, address: from.address });
  await appendEvents(within, [
    { type: 'session.created', subject: name, actor: name, data: { address: from.address, how } },
  ]);
  const grants = (await readGrants(within, [name])).get(name) ?? [];
  const principal = makeSessionPrincipal({
    name,
    display_name: now.display_name,
    csrf: session.csrf,
    grants,
  });
  return { principal, secret: session.secret };
}

async function endPresentSession(within: Transaction<Database>, from: From): Promise<void> {
  const secret = presentSession(from.headers);
  if (secret !== undefined) await endSession(within, secret);
}

/** The session of the caller's cookie; a malformed cookie is ignored here. */
function presentSession(headers: Caller['headers']): string | undefined {
  try {
    const { authorization: _, ...rest } = headers;
    const credentials = readCredentials(rest);
    return credentials?.kind === 'session' ? credentials.secret : undefined;
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}
