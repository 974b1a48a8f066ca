import { Problem } from '@lazaret/protocol';
import type { Transaction } from 'kysely';

import { transaction, type Database } from '../floor/db/index.ts';
import { appendEvents } from '../floor/events/index.ts';
import { insertUser } from './create-user.ts';
import { findLink, takeLink } from './links.ts';
import type { AccessParts, Caller } from './parts.ts';
import { checkStrength } from './password.ts';
import { checkUserName } from './reserved-names.ts';
import { endSessionsOf } from './sessions.ts';
import { openSession, type SignedIn } from './sign-in.ts';
import { administrators, lockAdministrators, writeGrants } from './store.ts';

interface SetupRequest {
  readonly link: string;
  readonly name?: string | undefined;
  readonly password: string;
}

interface Step {
  readonly link: string;
  readonly name: string;
  readonly passwordHash: string;
}

/**
 * Uses a one-time link: creates the first administrator, or sets a user's password; either way
 * the caller is signed in. An invalid request does not use up the link.
 */
export async function completeSetup(
  parts: AccessParts,
  request: SetupRequest,
  from: Pick<Caller, 'address' | 'headers'>,
): Promise<SignedIn> {
  const { link, password } = request;
  // Before the costly hash, so that invented links are cheap to refuse.
  const good = await findLink(parts.database, link);
  if (good === undefined) throw badLink();
  const name = chooseName(good.user_name, request.name);
  checkStrength(password, name);
  const step = { link, name, passwordHash: await parts.passwords.hash(password) };
  const signedIn = await transaction(parts.database, async (within) => {
    await lockAdministrators(within);
    if (!(await takeLink(within, link))) throw badLink();
    if (good.user_name === null) await makeAdministrator(within, step);
    else await replacePassword(within, step);
    const user = { name, password_hash: step.passwordHash };
    return openSession(within, { user, from, how: 'link' });
  });
  parts.onEvents();
  return signedIn;
}

function badLink(): Problem {
  return new Problem('setup_link_invalid', 'expected a one-time link, unused and not expired');
}

function chooseName(invited: string | null, asked: string | undefined): string {
  if (invited === null && asked === undefined) {
    throw wrongName('expected a name for the first administrator');
  }
  if (invited !== null && asked !== undefined && asked !== invited) {
    throw wrongName('the link is for another user; omit the name');
  }
  const name = invited ?? asked ?? '';
  if (invited === null) checkUserName(name);
  return name;
}

function wrongName(message: string): Problem {
  return new Problem('invalid_request', `name: ${message}`, {
    fields: [{ path: 'name', message }],
  });
}

async function makeAdministrator(within: Transaction<Database>, step: Step): Promise<void> {
  const { name, passwordHash } = step;
  // A second link of the same kind, or an administrator created over the API meanwhile.
  if ((await administrators(within)).length > 0) throw badLink();
  await insertUser(within, { name, passwordHash });
  const grants = [{ role: 'administrator', project: null }] as const;
  await writeGrants(within, name, grants);
  await within.deleteFrom('links').where('user_name', 'is', null).execute();
  await appendEvents(within, [
    { type: 'user.created', subject: name, actor: 'setup', data: { grants } },
  ]);
}

async function replacePassword(within: Transaction<Database>, step: Step): Promise<void> {
  const { name, passwordHash } = step;
  await within
    .updateTable('users')
    .set({ password_hash: passwordHash })
    .where('name', '=', name)
    .execute();
  await within.deleteFrom('links').where('user_name', '=', name).execute();
  const sessionsEnded = await endSessionsOf(within, name);
  await appendEvents(within, [
    { type: 'user.password', subject: name, actor: name, data: { how: 'link', sessionsEnded } },
  ]);
}
