/** Shortened digests: any unambiguous start of the digest of an arrival or an inspected image. */
import { Problem } from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import type { ProjectScope } from '../floor/principal.ts';
import { findImageDigests } from '../inspection/index.ts';

const wholeDigest = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;
const listed = 10;

export interface DigestQuestion {
  /** With its algorithm, as `digestStart` reads it. */
  readonly digest: string;
  /** Of the field that has it, for messages. */
  readonly path: string;
}

/**
 * The whole digest. What nothing starts with is answered unchanged, and is not found later. Throws
 * invalid_request for several digests, and names them.
 */
export async function completeDigest(
  database: Kysely<Database>,
  scope: ProjectScope,
  { digest, path }: DigestQuestion,
): Promise<string> {
  if (wholeDigest.test(digest)) return digest;
  // a range that every collation orders alike, so that the index of the digests is used
  const { rows } = await sql<{ digest: string }>`
    select distinct digest from arrivals
    where digest >= ${digest} and digest < ${`${digest}g`} and starts_with(digest, ${digest})
      and ${scope === 'all' ? sql`true` : sql`project = any(${[...scope]}::text[])`}
    limit ${listed + 1}`.execute(database);
  const images = await findImageDigests(database, scope, { start: digest, limit: listed + 1 });
  const found = [...new Set([...rows.map((row) => row.digest), ...images])].toSorted();
  const [first, ...others] = found;
  if (first === undefined) return digest;
  if (others.length === 0) return first;
  const more = found.length > listed ? ', ...' : '';
  const message = `${digest} is the start of several digests: ${found.slice(0, listed).join(', ')}${more}`;
  throw new Problem('invalid_request', message, {
    fields: [{ path, message: `${message}; give more digits` }],
  });
}

/** The query with the whole digest, if it has one. */
export async function withWholeDigest<T extends { readonly digest?: string | undefined }>(
  database: Kysely<Database>,
  scope: ProjectScope,
  query: T,
): Promise<T> {
  const { digest } = query;
  if (digest === undefined) return query;
  const about = { digest, path: 'query.digest' };
  return { ...query, digest: await completeDigest(database, scope, about) };
}

const shortened = /^(.*@)?(sha256:)?([0-9a-f]{6,63})$/;

/** A reference with a shortened digest, or a shortened digest alone, in full; others unchanged. */
export async function withWholeReference(
  database: Kysely<Database>,
  scope: ProjectScope,
  { text, path }: { readonly text: string; readonly path: string },
): Promise<string> {
  const [, name = '', algorithm = '', start = ''] = shortened.exec(text) ?? [];
  if (start === '') return text;
  const given = `sha256:${start}`;
  const digest = await completeDigest(database, scope, { digest: given, path });
  // without an algorithm it may be a name that only looks like a digest
  if (digest === given && name + algorithm === '') return text;
  if (digest !== given) return `${name}${digest}`;
  const message = `no arrival and no inspected image has a digest that starts with ${given}`;
  throw new Problem('not_found', message);
}
