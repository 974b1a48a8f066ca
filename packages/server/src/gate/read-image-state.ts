/** Everything that the gate knows of an image, from the database; the only place that asks. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Kysely } from 'kysely';

import { databaseProblem } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { readDecisionInForce } from '../policies/index.ts';
import { readPlaceState } from '../quarantine/index.ts';
import { readLastArrival, type PlacedImage } from '../registries/index.ts';
import { isConclusive, type ImageState } from './judge.ts';
import { gateLimits } from './limits.ts';

/** Decisions cannot be read: the database is unavailable, or too slow. */
export class DecisionsUnavailable extends Error {}

/** Throws DecisionsUnavailable. */
export function readImageState(
  database: Kysely<Database>,
  image: PlacedImage,
): Promise<ImageState> {
  const { registry, repository, digest } = image;
  const { project, id } = registry;
  return available(async () => {
    const place = { project, registry: id, repository, digest };
    const [decision, quarantine] = await Promise.all([
      readDecisionInForce(database, place),
      readPlaceState(database, place),
    ]);
    const isEnough = quarantine !== undefined || (decision !== undefined && isConclusive(decision));
    const arrival = isEnough ? undefined : await readLastArrival(database, image);
    return { decision, quarantine, arrival };
  });
}

/** The result of reading the database in time. Throws DecisionsUnavailable, and other errors. */
export async function available<T>(read: () => Promise<T>): Promise<T> {
  const done = new AbortController();
  const { signal } = done;
  const late = sleep(gateLimits.decisionMs, undefined, { signal }).then(() => {
    const message = `the database did not answer within ${gateLimits.decisionMs} ms`;
    throw new DecisionsUnavailable(message);
  });
  // When the other one wins, this one is aborted.
  late.catch(() => undefined);
  try {
    return await Promise.race([read(), late]);
  } catch (error) {
    const problem = databaseProblem(error);
    if (problem === undefined || !unavailableCodes.has(problem.code)) throw error;
    throw new DecisionsUnavailable(problem.message, { cause: error });
  } finally {
    done.abort();
  }
}

const unavailableCodes: ReadonlySet<string> = new Set([
  ...['database_unavailable', 'storage_full', 'unavailable'],
]);
