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
  readonly state: 'quarantined' | 'blocked' | 'released';
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
    select i.id as item, i.state,
      case i.state when 'released' then coalesce(i.release_reason, '') else i.reason end as reason,
      case i.state when 'released' then coalesce(i.released_by, '') else i.created_by end as by,
      i.released_decision as overridden
    from quarantine_items i
    where i.registry = ${registry} and i.repository = ${repository}
      and i.state in ('quarantined', 'blocked', 'released')
      and (i.digest = ${digest} or i.id in (
        select c.item from quarantine_contents c
        where c.digest = ${digest} and c.kind = 'manifest' and c.removes and c.deleted_at is null))
    order by i.id desc limit 1`.execute(database);
  return rows[0];
}
