/** What the quarantine says about an image in one repository: for those who let images through. */
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';

export interface ImagePlace {
  readonly registry: string;
  readonly repository: string;
  readonly digest: string;
}

export interface PlaceState {
  /** Of the latest quarantine of this image, or of an index that was removed with it. */
  readonly item: string;
  readonly state: 'quarantined' | 'blocked' | 'released' | 'purged';
  readonly reason: string;
  /** Who quarantined it, or released it. */
  readonly by: string;
  /** The decision that a person overrode by the release. */
  readonly overridden: string | null;
}

/** Undefined for an image that never was in quarantine, or whose quarantine failed. */
export async function readPlaceState(
  database: Kysely<Database>,
  { registry, repository, digest }: ImagePlace,
): Promise<PlaceState | undefined> {
  const { rows } = await sql<PlaceState>`
    select i.id as item,
      -- Evidence that was purged after a release changes nothing about the release.
      case when i.released_at is null then i.state else 'released' end as state,
      case when i.released_at is null then i.reason else i.release_reason end as reason,
      case when i.released_at is null then i.created_by else i.released_by end as by,
      i.released_decision as overridden
    from quarantine_items i
    where i.registry = ${registry} and i.repository = ${repository}
      and i.state in ('quarantined', 'blocked', 'released', 'purged')
      and (i.digest = ${digest} or i.id in (
        select c.item from quarantine_contents c
        where c.digest = ${digest} and c.kind = 'manifest' and c.removes and c.deleted_at is null))
    order by i.id desc limit 1`.execute(database);
  return rows[0];
}

/** The digest that a tag had when its image was taken out of the registry, if it still is. */
export async function findRemovedTag(
  database: Kysely<Database>,
  {
    registry,
    repository,
    tag,
  }: { readonly registry: string; readonly repository: string; readonly tag: string },
): Promise<string | undefined> {
  const { rows } = await sql<{ readonly digest: string }>`
    select i.digest from quarantine_items i
    where i.registry = ${registry} and i.repository = ${repository} and i.state = 'quarantined'
      and exists (select from quarantine_contents c
        where c.item = i.id and c.digest = i.digest and c.tags @> array[${tag}::text])
    order by i.id desc limit 1`.execute(database);
  return rows[0]?.digest;
}
