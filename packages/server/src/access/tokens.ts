/**
 * API tokens. Only a hash is stored; the secret has 256 random bits, so one indexed read is the
 * complete check and no slow hash is needed. A token never allows more than its owner may do at the
 * time of the call.
 */
import { permissionNames, Problem, type Permission, type Token } from '@lazaret/protocol';
import { sql, type Transaction } from 'kysely';

import { transaction, type Database } from '../floor/db/index.ts';
import { appendEvents } from '../floor/events/index.ts';
import { checkCursor } from '../floor/http/index.ts';
import { hashSecret, newId, newSecret } from '../floor/ids.ts';
import { holds, type Principal } from '../floor/principal.ts';
import { narrowScope, type TokenScope } from './covers.ts';
import { readCredentials, refused, tokenPrefix, type Credentials } from './credentials.ts';
import { accessLimits } from './limits.ts';
import type { AccessParts, Caller } from './parts.ts';
import { holdProjects, holdUser, toPage, type PageRequest, type Reader } from './store.ts';

const prefixChars = 9;
const columns = [
  ...(['id', 'user_name', 'name', 'prefix', 'permissions', 'project'] as const),
  ...(['created_at', 'expires_at', 'last_used_at', 'revoked_at'] as const),
] as const;

interface TokenRequest {
  readonly name: string;
  readonly days: number;
  readonly permissions?: readonly Permission[] | undefined;
  readonly project?: string | undefined;
}

export interface MadeToken {
  readonly token: Token;
  /** Never stored and never shown again. */
  readonly secret: string;
}

/** Creates a token of the caller, within the restrictions and the lifetime of the caller's own. */
export async function createToken(
  parts: AccessParts,
  { principal, headers }: Caller,
  request: TokenRequest,
): Promise<MadeToken> {
  const scope = narrowScope(principal, request);
  const made = await transaction(parts.database, async (within) => {
    await holdUser(within, principal.name);
    await holdProjects(within, scope.project === null ? [] : [scope.project]);
    await boundTokens(within, principal.name);
    const owner = principal.name;
    return insertToken(within, { owner, scope, ...request, maker: readCredentials(headers) });
  });
  parts.onEvents();
  return made;
}

export interface TokenInsert {
  readonly owner: string;
  readonly name: string;
  readonly days: number;
  readonly scope: TokenScope;
  /** Set when the caller uses a token: the new one does not outlive it. */
  readonly maker?: Credentials | undefined;
}

export async function insertToken(
  within: Transaction<Database>,
  { owner, name, days, scope, maker }: TokenInsert,
): Promise<MadeToken> {
  const secret = newSecret(tokenPrefix);
  const end = sql<Date>`now() + ${days} * interval '1 day'`;
  const row = await within
    .insertInto('tokens')
    .values({
      id: newId(),
      user_name: owner,
      name,
      secret_hash: hashSecret(secret),
      prefix: secret.slice(0, prefixChars),
      permissions: scope.permissions === null ? null : [...scope.permissions],
      project: scope.project,
      expires_at:
        maker?.kind !== 'token'
          ? end
          : sql<Date>`least(${end}, (select expires_at from tokens
              where secret_hash = ${hashSecret(maker.secret)}))`,
    })
    .returning(columns)
    .executeTakeFirstOrThrow();
  const token = toToken(row);
  const { id, permissions, project, expiresAt } = token;
  await appendEvents(within, [
    {
      type: 'token.created',
      subject: id,
      actor: owner,
      data: { name, owner, permissions, project, expiresAt },
    },
  ]);
  return { token, secret };
}

/** Refuses tokens beyond the limit, and removes those that ended long ago. */
async function boundTokens(within: Transaction<Database>, owner: string): Promise<void> {
  const { live } = await within
    .selectFrom('tokens')
    .select(sql<number>`count(*)`.as('live'))
    .where('user_name', '=', owner)
    .where(isLive)
    .executeTakeFirstOrThrow();
  if (live >= accessLimits.tokensPerUser) {
    throw new Problem(
      'conflict',
      `expected at most ${accessLimits.tokensPerUser} valid tokens of one user; revoke some first`,
    );
  }
  await sql`delete from tokens where id in (select id from tokens
    where user_name = ${owner} and not ${isLive} order by id desc
    offset ${accessLimits.endedTokensPerUser})`.execute(within);
}

const isLive = sql<boolean>`(revoked_at is null and expires_at > now())`;

/**
 * Tokens, newest first: one's own; for user managers everyone's or those of one owner. A
 * restricted token lists those that are not broader.
 */
export async function listTokens(
  database: Reader,
  principal: Principal,
  asked: PageRequest & { readonly owner?: string | undefined },
): Promise<{ items: Token[]; next: string | null }> {
  const manages = holds(principal, 'users.manage');
  const owner = asked.owner ?? (manages ? undefined : principal.name);
  if (!manages && owner !== principal.name) {
    throw new Problem(
      'forbidden',
      'the tokens of others require the permission users.manage (role administrator)',
    );
  }
  let query = database.selectFrom('tokens').select(columns).orderBy('id', 'desc');
  if (owner !== undefined) query = query.where('user_name', '=', owner);
  if (!manages) query = query.where(inScopeOf(principal));
  checkCursor(asked.cursor);
  if (asked.cursor !== undefined) query = query.where('id', '<', asked.cursor);
  const rows = await query.limit(asked.limit + 1).execute();
  return toPage(rows.map(toToken), asked.limit, (token) => token.id);
}

/** Revokes a token at once; idempotent. */
export async function revokeToken(
  parts: AccessParts,
  principal: Principal,
  id: string,
): Promise<void> {
  await transaction(parts.database, async (within) => {
    let query = within.selectFrom('tokens').select(['name', 'user_name', 'revoked_at']);
    query = query.where('id', '=', id).forUpdate();
    if (!holds(principal, 'users.manage')) {
      query = query.where('user_name', '=', principal.name).where(inScopeOf(principal));
    }
    const token = await query.executeTakeFirst();
    if (token === undefined) throw new Problem('not_found', `there is no token ${id}`);
    if (token.revoked_at !== null) return;
    await within
      .updateTable('tokens')
      .set({ revoked_at: sql<Date>`now()` })
      .where('id', '=', id)
      .execute();
    await appendEvents(within, [
      {
        type: 'token.revoked',
        subject: id,
        actor: principal.name,
        data: { name: token.name, owner: token.user_name },
      },
    ]);
  });
  parts.onEvents();
}

function inScopeOf(principal: Principal): ReturnType<typeof sql<boolean>> {
  const { onlyPermissions, onlyProject } = principal;
  const wide = onlyPermissions === null ? null : [...onlyPermissions];
  return sql<boolean>`(${wide}::text[] is null or permissions <@ ${wide}::text[])
    and (${onlyProject}::text is null or project = ${onlyProject}::text)`;
}

interface FoundToken {
  readonly id: string;
  readonly name: string;
  readonly display_name: string;
  readonly permissions: readonly string[] | null;
  readonly project: string | null;
  readonly grants: readonly { readonly role: string; readonly project: string | null }[];
}

/** The user of a token. Throws `unauthenticated` with the reason; marks the token as used. */
export async function useToken(database: Reader, secret: string): Promise<FoundToken> {
  const { rows } = await sql<
    FoundToken & { revoked: boolean; expired: boolean; disabled: boolean; stale: boolean }
  >`
    select t.id, u.name, u.display_name, t.permissions, t.project, u.disabled,
      t.revoked_at is not null as revoked, t.expires_at <= now() as expired,
      coalesce(t.last_used_at < now() - ${accessLimits.lastUsedMs} * interval '1 millisecond', true)
        as stale,
      coalesce((select json_agg(json_build_object('role', g.role, 'project', g.project))
        from grants g where g.user_name = u.name), '[]') as grants
    from tokens t join users u on u.name = t.user_name
    where t.secret_hash = ${hashSecret(secret)}`.execute(database);
  const [token] = rows;
  if (token === undefined) throw refused('unknown token');
  if (token.revoked) throw refused('the token was revoked');
  if (token.expired) throw refused('the token has expired');
  if (token.disabled) throw refused('the user of the token is disabled');
  if (token.stale) {
    await sql`with used as
      (update tokens set last_used_at = now() where id = ${token.id} returning user_name)
      update users set last_seen_at = now() from used where name = used.user_name`.execute(
      database,
    );
  }
  return token;
}

/** Permissions as stored; an unknown one allows nothing. */
export function parsePermissions(names: readonly string[] | null): Permission[] | null {
  return names?.filter(isPermission) ?? null;
}

function isPermission(name: string): name is Permission {
  return (permissionNames as readonly string[]).includes(name);
}

function toToken(row: {
  readonly id: string;
  readonly user_name: string;
  readonly name: string;
  readonly prefix: string;
  readonly permissions: string[] | null;
  readonly project: string | null;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly last_used_at: Date | null;
  readonly revoked_at: Date | null;
}): Token {
  return {
    id: row.id,
    name: row.name,
    owner: row.user_name,
    prefix: row.prefix,
    permissions: parsePermissions(row.permissions),
    project: row.project,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
  };
}
