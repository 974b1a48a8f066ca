/**
 * Pins the images of engines of the directory. Their files may exist before any node has the image,
 * or before any node is online, so they are added without one and pinned when it appears. At the
 * first iteration of a process each reference is resolved again: an image that was rebuilt since
 * then creates a new revision, as adding it over the API would. While the process runs, a pinned
 * image stays.
 *
 * Looking up may pull, which takes minutes; a turn starts what is wanted and waits for a moment
 * only, and later turns find it done.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { asProblem, type ImagePin } from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';
import type { Logger } from 'pino';

import type { Database } from '../floor/db/index.ts';
import { addEngine } from './add-engine.ts';
import { engineLimits } from './limits.ts';
import { listPins, readRevision, type EnginePin } from './store.ts';

export interface PinParts {
  readonly database: Kysely<Database>;
  readonly log: Logger;
  readonly pin: (reference: string) => Promise<ImagePin>;
  /** Called after something was written. */
  readonly onChange: () => void;
}

/** Returns the iteration of the loop. */
export function createImagePinning(parts: PinParts): () => Promise<void> {
  const running = new Map<string, Promise<void>>();
  const lookedAt = new Set<string>();
  return async () => {
    for (const engine of await listPins(parts.database)) {
      const { name } = engine;
      if (engine.pinned && lookedAt.has(name)) continue;
      if (running.has(name) || running.size >= engineLimits.pinsAtOnce) continue;
      const work = pinEngine(parts, engine)
        .then((found) => {
          if (found) lookedAt.add(name);
        })
        .catch((error: unknown) => {
          parts.log.warn({ err: error, engine: name }, 'an image could not be pinned');
        })
        .finally(() => running.delete(name));
      running.set(name, work);
    }
    if (running.size === 0) return;
    await Promise.race([Promise.all(running.values()), sleep(engineLimits.pinMs)]);
  };
}

/** Returns whether the reference was resolved. */
async function pinEngine(parts: PinParts, engine: EnginePin): Promise<boolean> {
  const { database } = parts;
  const { name, reference } = engine;
  let image: ImagePin;
  try {
    image = await parts.pin(reference);
  } catch (error) {
    const problem = asProblem(error);
    if (problem === undefined) throw error;
    // Another process may serve the nodes; that this one reaches none does not mean that the image
    // is missing.
    if (problem.status < 500) await writeProblem(database, name, problem.message);
    return false;
  }
  const newest = await readRevision(database, name);
  if (newest === undefined || newest.manifest.image !== reference) return true;
  const { changed } = await addEngine(database, {
    manifest: newest.manifest,
    image,
    source: 'directory',
    actor: 'directory',
    ifNewest: newest.revision,
  });
  if (changed) parts.onChange();
  return true;
}

/** Stores why an engine cannot run, if its current revision is the one without an image. */
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
