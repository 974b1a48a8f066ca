/**
 * The machine's own user, `local`: whoever runs the server, and may therefore read its data
 * directory, can use the command line without signing in. It is a user like others in every list
 * and in the audit log, with the role administrator when it is first made and no password. Its
 * token is made anew at each start, in place of the one before. Disabled, it gets none. It never
 * counts as the administrator that must stay, since no person signs in with it.
 */
import { limits } from '@lazaret/protocol';

import { transaction } from '../floor/db/index.ts';
import { appendEvents } from '../floor/events/index.ts';
import type { AccessParts } from './parts.ts';
import { localUserName } from './reserved-names.ts';
import { holdUser, writeGrants } from './store.ts';
import { insertToken } from './tokens.ts';

/**
 * Replaces the token of `place` (one for each server that shares the database) and answers its
 * secret; undefined when an administrator disabled the user.
 */
export async function ensureLocalToken(
  parts: AccessParts,
  place: string,
): Promise<string | undefined> {
  // The end of a long path tells more than its beginning.
  const name = `local: ${place.slice(-(limits.nameChars - 'local: '.length))}`;
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
