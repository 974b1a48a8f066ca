/**
 * One-time links: for the first administrator (no user yet), or for a user to set a password. The
 * secret is in the fragment of the URL, which no proxy, log or Referer contains.
 */
import { Problem } from '@lazaret/protocol';
import { sql, type Transaction } from 'kysely';

import { transaction, type Database } from '../floor/db/index.ts';
import { appendEvents } from '../floor/events/index.ts';
import { hashSecret, newSecret } from '../floor/ids.ts';
import type { Principal } from '../floor/principal.ts';
import { checkCoversGrants } from './covers.ts';
import { linkPrefix } from './credentials.ts';
import { accessLimits } from './limits.ts';
import type { AccessParts } from './parts.ts';
import { refuseLocalUser } from './reserved-names.ts';
import { administrators, holdUser, lockAdministrators, readUser, type Reader } from './store.ts';

export interface OneTimeLink {
  readonly link: string;
  readonly url: string;
  readonly expiresAt: string;
}

/** Creates a link with which the user sets a password; it replaces the previous unused one. */
export async function makeUserLink(
  parts: AccessParts,
  principal: Principal,
  name: string,
): Promise<OneTimeLink> {
  refuseLocalUser(name, 'it has no password');
  const made = await transaction(parts.database, async (within) => {
    const { disabled } = await holdUser(within, name);
    if (disabled) throw new Problem('conflict', `the user ${name} is disabled; enable them first`);
    checkCoversGrants(principal, (await readUser(within, name)).grants);
    await within.deleteFrom('links').where('user_name', '=', name).execute();
    const link = await insertLink(parts, within, name);
    const data = { expiresAt: link.expiresAt };
    await appendEvents(within, [{ type: 'user.link', subject: name, actor: principal.name, data }]);
    return link;
  });
  parts.onEvents();
  return made;
}

/**
 * Manages the link for the first administrator: the same one while it is valid, then a new one.
 * The link that an earlier process printed stays valid, since only its hash is stored.
 */
export class SetupLink {
  readonly #parts: AccessParts;
  #made: string | undefined;

  constructor(parts: AccessParts) {
    this.#parts = parts;
  }

  /** The link, or undefined as soon as there is an administrator who can sign in. */
  async ensure(): Promise<OneTimeLink | undefined> {
    return transaction(this.#parts.database, async (within) => {
      await lockAdministrators(within);
      if ((await administrators(within)).length > 0) return undefined;
      const known = await this.#reuse(within);
      if (known !== undefined) return known;
      await sql`delete from links where user_name is null and secret_hash in
        (select secret_hash from links where user_name is null order by created_at desc
          offset ${accessLimits.setupLinks - 1})`.execute(within);
      const made = await insertLink(this.#parts, within, null);
      this.#made = made.link;
      return made;
    });
  }

  async #reuse(within: Transaction<Database>): Promise<OneTimeLink | undefined> {
    if (this.#made === undefined) return undefined;
    const row = await findLink(within, this.#made);
    return row === undefined ? undefined : describeLink(this.#parts, this.#made, row.expires_at);
  }
}

async function insertLink(
  parts: AccessParts,
  database: Reader,
  userName: string | null,
): Promise<OneTimeLink> {
  const link = newSecret(linkPrefix);
  const { expires_at } = await database
    .insertInto('links')
    .values({
      secret_hash: hashSecret(link),
      user_name: userName,
      expires_at: sql<Date>`now() + ${accessLimits.setupLinkMs} * interval '1 millisecond'`,
    })
    .returning('expires_at')
    .executeTakeFirstOrThrow();
  return describeLink(parts, link, expires_at);
}

function describeLink(parts: AccessParts, link: string, expiresAt: Date): OneTimeLink {
  const base = parts.publicUrl().replace(/\/+$/, '');
  return { link, url: `${base}/console/setup#link=${link}`, expiresAt: expiresAt.toISOString() };
}

export interface GoodLink {
  /** Null for the first administrator. */
  readonly user_name: string | null;
  readonly expires_at: Date;
}

/** The link when it is valid: known, unused, not expired, its user not disabled. */
export function findLink(database: Reader, link: string): Promise<GoodLink | undefined> {
  return database
    .selectFrom('links')
    .leftJoin('users', 'users.name', 'links.user_name')
    .select(['links.user_name', 'links.expires_at'])
    .where('links.secret_hash', '=', hashSecret(link))
    .where('links.used_at', 'is', null)
    .where('links.expires_at', '>', sql<Date>`now()`)
    .where(sql<boolean>`users.disabled is not true`)
    .executeTakeFirst();
}

/** Consumes the link, so that it cannot be used again. False when it was used before. */
export async function takeLink(within: Transaction<Database>, link: string): Promise<boolean> {
  const { numUpdatedRows } = await within
    .updateTable('links')
    .set({ used_at: sql<Date>`now()` })
    .where('secret_hash', '=', hashSecret(link))
    .where('used_at', 'is', null)
    .where('expires_at', '>', sql<Date>`now()`)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function sweepLinks(database: Reader): Promise<void> {
  await sql`delete from links where used_at is not null or expires_at <= now()`.execute(database);
}
