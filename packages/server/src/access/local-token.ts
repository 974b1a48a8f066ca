/**
 * The user `local`: the user who runs the server, and may read its data directory, can use the
 * command line without signing in. It is listed and audited like other users, is created with the
 * role administrator and has no password. Its token is reused at the next start while it is
 * valid, so that scripts can rely on it; revoked or near its expiry it is replaced. A disabled user
 * gets no token. The user never counts as the last administrator, since it never signs in.
 */
import { limits } from '@lazaret/protocol';
import { sql, type Transaction } from 'kysely';

import { transaction, type Database } from '../floor/db/index.ts';
import { appendEvents } from '../floor/events/index.ts';
import { hashSecret } from '../floor/ids.ts';
import type { AccessParts } from './parts.ts';
import { localUserName } from './reserved-names.ts';
import { holdUser, writeGrants } from './store.ts';
import { insertToken } from './tokens.ts';

/** A token that expires sooner is replaced: the server may run for weeks. */
const daysLeftMin = 30;

export interface LocalTokenOwner {
  /** Identifies one of the servers that share the database. */
  readonly server: string;
  /** The secret written by this server at an earlier start. */
  readonly current?: string | undefined;
}

/**
 * Returns the secret of the token of a server: the current one while it is valid, a new one
 * otherwise; undefined if an administrator disabled the user.
 */
export async function ensureLocalToken(
  parts: AccessParts,
  { server, current }: LocalTokenOwner,
): Promise<string | undefined> {
  // The end of a long path is more specific than its beginning.
  const name = `local: ${server.slice(-(limits.nameChars - 'local: '.length))}`;
  const secret = await transaction(parts.database, async (within) => {
    const { numInsertedOrUpdatedRows } = await within
      .insertInto('users')
      .values({ name: localUserName, display_name: 'This machine', password_hash: null })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (numInsertedOrUpdatedRows === 1n) {
      const grants = [{ role: 'administrator', project: null }] as const;
      await writeGrants(within, localUserName, grants);
      await appendEvents(within, [
        { type: 'user.created', subject: localUserName, actor: 'system', data: { grants } },
      ]);
    }
    const { disabled } = await holdUser(within, localUserName);
    if (!disabled && current !== undefined && (await isReusable(within, name, current))) {
      return current;
    }
    await within
      .deleteFrom('tokens')
      .where('user_name', '=', localUserName)
      .where('name', '=', name)
      .execute();
    if (disabled) return undefined;
    const made = await insertToken(within, {
      owner: localUserName,
      name,
      days: limits.tokenDaysMax,
      scope: { permissions: null, project: null },
    });
    return made.secret;
  });
  parts.onEvents();
  return secret;
}

async function isReusable(
  within: Transaction<Database>,
  name: string,
  secret: string,
): Promise<boolean> {
  const found = await within
    .selectFrom('tokens')
    .select('id')
    .where('user_name', '=', localUserName)
    .where('name', '=', name)
    .where('secret_hash', '=', hashSecret(secret))
    .where('revoked_at', 'is', null)
    .where(sql<boolean>`expires_at > now() + ${daysLeftMin} * interval '1 day'`)
    .executeTakeFirst();
  return found !== undefined;
}
