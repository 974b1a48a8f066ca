/**
 * A deletion that a registry reports. It is never trusted: the tags that it concerns are read from
 * the registry at once, and are marked as gone when the registry itself says so. Registries omit
 * many deletions, so that only complete listings find all.
 */
import { plural, type PushOutcome } from '@lazaret/protocol';
import { sql, type Kysely, type Transaction } from 'kysely';

import { transaction, type Database } from '../floor/db/index.ts';
import { storable } from '../floor/storable.ts';
import { lockRepository } from './apply-tags.ts';
import type { WatchedRegistry } from './connection.ts';
import { watchLimits } from './limits.ts';

/** Without tag and digest the whole repository is concerned. */
export interface Deletion {
  readonly repository: string;
  readonly tag?: string | undefined;
  readonly digest?: string | undefined;
  /** Who did it, as the registry says. */
  readonly actor?: string | undefined;
}

/** Repeating it changes nothing. Wake the watcher after it. */
export async function recordDeletion(
  database: Kysely<Database>,
  registry: WatchedRegistry,
  deletion: Deletion,
): Promise<{ readonly outcome: PushOutcome; readonly detail: string }> {
  if (!registry.settings.enabled) {
    return { outcome: 'ignored', detail: 'the registry is not watched' };
  }
  const count = await transaction(database, async (trx) => {
    await lockRepository(trx, { registry, repository: deletion.repository });
    return requestTags(trx, registry.id, deletion);
  });
  if (count === 0) {
    return { outcome: 'ignored', detail: 'it concerns no tag that is known to be present' };
  }
  return { outcome: 'resolving', detail: `${plural(count, 'tag')} looked up in the registry` };
}

/** Makes the tags concerned be read; answers how many. */
async function requestTags(
  trx: Transaction<Database>,
  id: string,
  { repository, tag, digest, actor }: Deletion,
): Promise<number> {
  const isWhole = tag === undefined && digest === undefined;
  const reported = JSON.stringify({ actor: actor === undefined ? undefined : storable(actor) });
  const { rows } = await sql<{ tag: string }>`
    update registry_tags set verify_at = now(), verify_attempts = 0, deletion = ${reported}::jsonb
    where registry = ${id} and repository = ${repository} and tag in (
      select tag from registry_tags
      where registry = ${id} and repository = ${repository} and present
        and (${isWhole} or tag = ${tag ?? null}::text or digest = ${digest ?? null}::text)
      order by tag limit ${watchLimits.deletedTags})
    returning tag`.execute(trx);
  return rows.length;
}
