/**
 * Sessions: a random secret in a cookie that scripts cannot read, its hash in the database. One
 * ends by signing out, two hours after its last use, twelve hours after its start, or when the
 * user's password is set or the user is disabled or removed.
 */
import { sql, type Transaction } from 'kysely';

import type { Database } from '../floor/db/index.ts';
import { hashSecret, newSecret } from '../floor/ids.ts';
import { sessionCookie, sessionPrefix } from './credentials.ts';
import { accessLimits } from './limits.ts';
import type { Reader } from './store.ts';

export interface NewSession {
  readonly secret: string;
  /** The CSRF token that changing calls of the session must send. */
  readonly csrf: string;
}

/**
 * Starts a session; the oldest ones beyond the limit end. The caller holds the lock of the user.
 */
export async function beginSession(
  within: Transaction<Database>,
  user: { readonly name: string; readonly address: string },
): Promise<NewSession> {
  const session = { secret: newSecret(sessionPrefix), csrf: newSecret('csrf') };
  await sql`delete from sessions where user_name = ${user.name} and
    (${isOver} or secret_hash in (select secret_hash from sessions where user_name = ${user.name}
      order by last_used_at desc offset ${accessLimits.sessionsPerUser - 1}))`.execute(within);
  await within
    .insertInto('sessions')
    .values({
      secret_hash: hashSecret(session.secret),
      user_name: user.name,
      csrf: session.csrf,
      address: user.address,
      expires_at: sql<Date>`now() + ${accessLimits.sessionMs} * interval '1 millisecond'`,
    })
    .execute();
  await within
    .updateTable('users')
    .set({ last_seen_at: sql<Date>`now()` })
    .where('name', '=', user.name)
    .execute();
  return session;
}

const isOver = sql`(expires_at <= now()
  or last_used_at <= now() - ${accessLimits.sessionIdleMs} * interval '1 millisecond')`;

export interface LiveSession {
  readonly name: string;
  readonly display_name: string;
  readonly csrf: string;
  readonly grants: readonly { readonly role: string; readonly project: string | null }[];
}

/**
 * The user of a session and their current permissions; undefined when it has ended. Marks it as
 * used.
 */
export async function useSession(
  database: Reader,
  secret: string,
): Promise<LiveSession | undefined> {
  const hash = hashSecret(secret);
  const { rows } = await sql<LiveSession & { stale: boolean }>`
    select u.name, u.display_name, s.csrf,
      s.last_used_at < now() - ${accessLimits.lastUsedMs} * interval '1 millisecond' as stale,
      coalesce((select json_agg(json_build_object('role', g.role, 'project', g.project))
        from grants g where g.user_name = u.name), '[]') as grants
    from sessions s join users u on u.name = s.user_name
    where s.secret_hash = ${hash} and not ${isOver} and not u.disabled`.execute(database);
  const [session] = rows;
  if (session?.stale === true) {
    await sql`with used as
      (update sessions set last_used_at = now() where secret_hash = ${hash} returning user_name)
      update users set last_seen_at = now() from used where name = used.user_name`.execute(
      database,
    );
  }
  return session;
}

/** Ends one session; false when there was none. */
export async function endSession(database: Reader, secret: string): Promise<boolean> {
  const { numDeletedRows } = await database
    .deleteFrom('sessions')
    .where('secret_hash', '=', hashSecret(secret))
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Ends all sessions of a user except the given one; returns how many. */
export async function endSessionsOf(
  database: Reader,
  userName: string,
  keepSecret?: string,
): Promise<number> {
  let query = database.deleteFrom('sessions').where('user_name', '=', userName);
  if (keepSecret !== undefined) query = query.where('secret_hash', '!=', hashSecret(keepSecret));
  const { numDeletedRows } = await query.executeTakeFirst();
  return Number(numDeletedRows);
}

export async function sweepSessions(database: Reader): Promise<void> {
  await sql`delete from sessions where ${isOver}`.execute(database);
}

/** The cookie of a new session; `Secure` when the public URL uses https. */
export function formatCookie(secret: string, publicUrl: string): string {
  const seconds = Math.floor(accessLimits.sessionMs / 1000);
  return `${sessionCookie}=${secret}; Max-Age=${seconds}; ${attributes(publicUrl)}`;
}

/** Clears the cookie. */
export function formatEndedCookie(publicUrl: string): string {
  return `${sessionCookie}=; Max-Age=0; ${attributes(publicUrl)}`;
}

function attributes(publicUrl: string): string {
  const secure = publicUrl.startsWith('https:') ? '; Secure' : '';
  return `Path=/; HttpOnly; SameSite=Strict${secure}`;
}
