/** Removes the data of an image; the events record the order of changes. */
import type { Kysely } from 'kysely';

import { transaction } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { appendEvents } from '../floor/events/index.ts';
import { findImage } from './read-images.ts';

/** Throws not_found when it was removed meanwhile. */
export async function removeImage(
  database: Kysely<Database>,
  { project, digest }: { readonly project: string; readonly digest: string },
  actor: string,
): Promise<void> {
  for (;;) {
    const { id } = await findImage(database, [project], { digest, project });
    const isGone = await transaction(database, async (trx) => {
      const removed = await trx
        .deleteFrom('images')
        .where('id', '=', id)
        .returning('names')
        .executeTakeFirst();
      // An inspection has replaced it meanwhile, with an event.
      if (removed === undefined) return false;
      const data = { name: removed.names[0] ?? '' };
      await appendEvents(trx, [{ type: 'image.removed', subject: digest, actor, project, data }]);
      return true;
    });
    if (isGone) return;
  }
}
