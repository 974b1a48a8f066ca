/** Users, their grants and the projects: reading, and the SQL that several actions share. */
import {
  Problem,
  roles,
  slug,
  type Grant,
  type Project,
  type Role,
  type User,
} from '@lazaret/protocol';
import { sql, type Kysely, type Transaction } from 'kysely';

import type { Database } from '../floor/db/index.ts';
import { checkCursor } from '../floor/http/index.ts';
import { localUserName } from './reserved-names.ts';

export type Reader = Kysely<Database> | Transaction<Database>;

/** A page request to the database. */
export interface PageRequest {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface StoredUser {
  readonly name: string;
  readonly display_name: string;
  readonly password_hash: string | null;
  readonly disabled: boolean;
}

export function findUser(database: Reader, name: string): Promise<StoredUser | undefined> {
  return database
    .selectFrom('users')
    .select(['name', 'display_name', 'password_hash', 'disabled'])
    .where('name', '=', name)
    .executeTakeFirst();
}

/** The user, locked until the transaction ends, so that it is not changed meanwhile. */
export async function holdUser(within: Transaction<Database>, name: string): Promise<StoredUser> {
  const user = await within
    .selectFrom('users')
    .select(['name', 'display_name', 'password_hash', 'disabled'])
    .where('name', '=', name)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (user === undefined) throw noUser(name);
  return user;
}

export function noUser(name: string): Problem {
  return new Problem('not_found', `there is no user ${name}`);
}

export async function readUser(database: Reader, name: string): Promise<User> {
  const [user] = await readUsers(database, { names: [name] });
  if (user === undefined) throw noUser(name);
  return user;
}

/** Users by name; one more than `limit` shows that another page follows. */
export async function readUsers(
  database: Reader,
  asked: { readonly names: readonly string[] } | PageRequest,
): Promise<User[]> {
  let query = database
    .selectFrom('users')
    .select(['name', 'display_name', 'disabled', 'created_at', 'last_seen_at'])
    .select(sql<boolean>`password_hash is not null`.as('has_password'))
    .orderBy('name');
  if ('names' in asked) query = query.where('name', 'in', [...asked.names]);
  else {
    checkCursor(asked.cursor, slug);
    query = query.limit(asked.limit + 1);
    if (asked.cursor !== undefined) query = query.where('name', '>', asked.cursor);
  }
  const rows = await query.execute();
  const grants = await readGrants(
    database,
    rows.map((row) => row.name),
  );
  return rows.map((row) => ({
    name: row.name,
    displayName: row.display_name,
    grants: grants.get(row.name) ?? [],
    disabled: row.disabled,
    hasPassword: row.has_password,
    createdAt: row.created_at.toISOString(),
    lastSeenAt: row.last_seen_at?.toISOString() ?? null,
  }));
}

export async function readGrants(
  database: Reader,
  userNames: readonly string[],
): Promise<Map<string, Grant[]>> {
  const byUser = new Map<string, Grant[]>();
  if (userNames.length === 0) return byUser;
  const rows = await database
    .selectFrom('grants')
    .select(['user_name', 'role', 'project'])
    .where('user_name', 'in', [...userNames])
    .orderBy(sql`project nulls first`)
    .orderBy('role')
    .execute();
  for (const row of rows) {
    const grants = byUser.get(row.user_name) ?? [];
    grants.push(...parseGrants([row]));
    byUser.set(row.user_name, grants);
  }
  return byUser;
}

/** Grants as stored; an unknown role grants nothing. */
export function parseGrants(
  rows: readonly { readonly role: string; readonly project: string | null }[],
): Grant[] {
  return rows.flatMap(({ role, project }) => (isRole(role) ? [{ role, project }] : []));
}

function isRole(text: string): text is Role {
  return Object.hasOwn(roles, text);
}

/** Replaces the grants of a user. Throws `not_found` for a project that does not exist. */
export async function writeGrants(
  within: Transaction<Database>,
  userName: string,
  grants: readonly Grant[],
): Promise<void> {
  await within.deleteFrom('grants').where('user_name', '=', userName).execute();
  if (grants.length === 0) return;
  await holdProjects(
    within,
    grants.flatMap(({ project }) => (project === null ? [] : [project])),
  );
  await within
    .insertInto('grants')
    .values(grants.map(({ role, project }) => ({ user_name: userName, role, project })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Prevents the removal of projects until the transaction ends. */
export async function holdProjects(
  within: Transaction<Database>,
  names: readonly string[],
): Promise<void> {
  if (names.length === 0) return;
  const wanted = [...new Set(names)].toSorted();
  const rows = await within
    .selectFrom('projects')
    .select('name')
    .where('name', 'in', wanted)
    .orderBy('name')
    .forKeyShare()
    .execute();
  const missing = wanted.find((name) => !rows.some((row) => row.name === name));
  if (missing !== undefined) throw noSuchProject(missing);
}

/** For a project that does not exist or that the caller cannot see. */
export function noSuchProject(name: string): Problem {
  return new Problem('not_found', `there is no project ${name} that you can see`);
}

/**
 * Serializes decisions about the removal of administrators. Acquire it first: later reads
 * include the writes of the previous holder.
 */
export async function lockAdministrators(within: Transaction<Database>): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('lazaret administrators', 0))`.execute(
    within,
  );
}

/**
 * Who can sign in as administrator of the whole instance: enabled, with a password. The local
 * user does not count: it is not a person.
 */
export async function administrators(database: Reader): Promise<string[]> {
  const rows = await database
    .selectFrom('users')
    .select('name')
    .where('disabled', '=', false)
    .where('password_hash', 'is not', null)
    .where('name', '!=', localUserName)
    .where((where) =>
      where.exists(
        where
          .selectFrom('grants')
          .select(sql`1`.as('one'))
          .whereRef('grants.user_name', '=', 'users.name')
          .where('grants.role', '=', 'administrator')
          .where('grants.project', 'is', null),
      ),
    )
    .execute();
  return rows.map((row) => row.name);
}

export async function readProjects(
  database: Reader,
  asked: PageRequest & { readonly among: 'all' | readonly string[] },
): Promise<Project[]> {
  checkCursor(asked.cursor, slug);
  if (asked.among !== 'all' && asked.among.length === 0) return [];
  let query = database
    .selectFrom('projects')
    .selectAll()
    .orderBy('name')
    .limit(asked.limit + 1);
  if (asked.cursor !== undefined) query = query.where('name', '>', asked.cursor);
  if (asked.among !== 'all') query = query.where('name', 'in', [...asked.among]);
  const rows = await query.execute();
  return rows.map(({ name, title, created_at }) => ({
    name,
    title,
    createdAt: created_at.toISOString(),
  }));
}

/** Removes the extra row and returns the start of the next page. */
export function toPage<T>(
  rows: readonly T[],
  limit: number,
  cursorOf: (row: T) => string,
): { items: T[]; next: string | null } {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}
