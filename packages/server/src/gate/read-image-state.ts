/** Everything that the gate knows of an image, from the database; the only place that asks. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Kysely } from 'kysely';

import { databaseProblem } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { hasSameResult, readDecisionInForce, type DecisionInForce } from '../policies/index.ts';
import { findRemovedTag, readPlaceState, type PlaceState } from '../quarantine/index.ts';
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
    const isOverridden = await overrides(database, quarantine, decision);
    const state = { decision, quarantine, isOverridden };
    if (decision !== undefined && isConclusive(decision)) return { ...state, arrival: undefined };
    return { ...state, arrival: await readLastArrival(database, image) };
  });
}

/**
 * The digest of an image that the quarantine took out of the registry, where the registry does not
 * know the tag or digest any more; undefined for others. Throws DecisionsUnavailable.
 */
export function findRemoved(
  database: Kysely<Database>,
  { registry, repository }: Pick<PlacedImage, 'registry' | 'repository'>,
  selector: string,
): Promise<string | undefined> {
  const place = { registry: registry.id, repository };
  return available(async () => {
    if (!selector.includes(':')) return findRemovedTag(database, { ...place, tag: selector });
    const found = await readPlaceState(database, { ...place, digest: selector });
    return found?.state === 'quarantined' ? selector : undefined;
  });
}

/** A release overrides the decision of its time, and each later one with the same reasons. */
async function overrides(
  database: Kysely<Database>,
  quarantine: PlaceState | undefined,
  decision: DecisionInForce | undefined,
): Promise<boolean> {
  if (quarantine?.state !== 'released' || decision === undefined) return false;
  const { overridden } = quarantine;
  return overridden !== null && hasSameResult(database, overridden, decision.id);
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
