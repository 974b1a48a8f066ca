/**
 * Images of the directory's engines. Their files may be there before any node has the image, or
 * any node at all, so they are added without one and pinned when it appears. At the first turn of
 * a process each reference is looked up again: an image that was built anew since then makes a new
 * revision, as adding it over the API would. While the process runs, a pinned image stays.
 */
import { asProblem, type ImagePin } from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';

import type { Database } from '../db/schema.ts';
import { addEngine } from './add-engine.ts';
import { listPins, readRevision } from './store.ts';

export interface PinParts {
  readonly database: Kysely<Database>;
  readonly pin: (reference: string) => Promise<ImagePin>;
  /** Told after something was written. */
  readonly onChange: () => void;
}

/** One turn; `all` looks at pinned engines too. */
export async function pinImages(parts: PinParts, all: boolean): Promise<void> {
  const { database, onChange } = parts;
  for (const engine of await listPins(database)) {
    if (engine.pinned && !all) continue;
    try {
      const image = await parts.pin(engine.reference);
      const newest = await readRevision(database, engine.name);
      if (newest === undefined || newest.manifest.image !== engine.reference) continue;
      const { changed } = await addEngine(database, {
        manifest: newest.manifest,
        image,
        source: 'directory',
        actor: 'directory',
        ifNewest: newest.revision,
      });
      if (changed) onChange();
    } catch (error) {
      const problem = asProblem(error);
      if (problem === undefined) throw error;
      await writeProblem(database, engine.name, problem.message);
    }
  }
}

/** Says why an engine cannot run, if its current revision is the one without an image. */
async function writeProblem(
  database: Kysely<Database>,
  name: string,
  problem: string,
): Promise<void> {
  await sql`
    update engines set problem = ${problem}
    where name = ${name} and problem is distinct from ${problem}
      and exists (select from engine_revisions as revision
                  where revision.engine = engines.name and revision.revision = engines.revision
                    and revision.image_digest is null)`.execute(database);
}
