/**
 * Decides about arrivals whose inspections have ended. An arrival without a decision stays in the
 * list of the undecided until the transaction that records one commits, so a process that is killed
 * in between leaves the work to the next one.
 */
import type { Kysely, Transaction } from 'kysely';

import { transaction } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { listInspectedImages } from '../inspection/index.ts';
import { readJudgedFacts, type JudgedFacts } from './judged-facts.ts';
import {
  lockUndecided,
  markDecided,
  placeKey,
  readTagsOf,
  type UndecidedArrival,
} from '../registries/index.ts';
import { factNames, judge, type Subject } from './judge.ts';
import { judgingLimits } from './limits.ts';
import type { PolicySet, PolicySets } from './policy-set.ts';
import { recordDecisions } from './record-decisions.ts';

export interface JudgingParts {
  readonly database: Kysely<Database>;
  readonly sets: PolicySets;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** One batch. Returns the arrivals that are decided now. */
export function decideArrivals(parts: JudgingParts): Promise<string[]> {
  return transaction(parts.database, async (trx) => {
    const found = await lockUndecided(trx, judgingLimits.arrivalsAtOnce);
    // One decision for each place and transaction: the others follow in the next batch.
    const places = new Map(found.toReversed().map((one) => [placeKey(one), one]));
    const decided: string[] = [];
    for (const [project, arrivals] of groupByProject([...places.values()])) {
      decided.push(...(await decideProject(trx, { ...parts, project, arrivals })));
    }
    return decided;
  });
}

function groupByProject(arrivals: readonly UndecidedArrival[]) {
  return Map.groupBy(arrivals, ({ project }) => project);
}

async function decideProject(
  trx: Transaction<Database>,
  work: JudgingParts & {
    readonly project: string;
    readonly arrivals: readonly UndecidedArrival[];
  },
): Promise<string[]> {
  const { project, arrivals, sets } = work;
  const set = await sets.read(trx, project);
  const tags = await readTagsOf(trx, arrivals);
  const images = await readImages(trx, work, set);
  const now = new Date(work.now()).toISOString();
  const decisions = arrivals.map((arrival) => {
    const subject = toSubject(arrival, { tags: tags.get(placeKey(arrival)) ?? [], images });
    return {
      ...{ subject, outcome: judge(set, subject, now), revision: set.revision },
      ...{ trigger: 'arrival' as const, arrival: arrival.id, causedBy: 'watcher' },
    };
  });
  const recorded = await recordDecisions(trx, decisions);
  await markDecided(
    trx,
    recorded.map(({ id, arrival, outcome }) => ({
      ...{ arrival, decision: id, action: outcome.action },
    })),
  );
  return arrivals.map(({ id }) => id);
}

type Images = ReadonlyMap<string, readonly JudgedFacts[]>;

/** The images of each inspection, with what the policies read. */
async function readImages(
  trx: Transaction<Database>,
  { project, arrivals }: { project: string; arrivals: readonly UndecidedArrival[] },
  set: PolicySet,
): Promise<Images> {
  const inspected = await listInspectedImages(
    trx,
    arrivals.flatMap(({ inspections }) => inspections),
  );
  const digests = [...new Set([...inspected.values()].flat())];
  const facts = await readJudgedFacts(trx, { project, digests }, factNames(set));
  return new Map(
    [...inspected].map(([inspection, list]) => [
      inspection,
      list.flatMap((digest) => facts.get(digest) ?? []),
    ]),
  );
}

function toSubject(
  arrival: UndecidedArrival,
  { tags, images }: { readonly tags: readonly string[]; readonly images: Images },
): Subject {
  const { project, repository, digest, tag, inspections, problem } = arrival;
  const found = new Map(
    inspections.flatMap((id) => images.get(id) ?? []).map((one) => [one.digest, one]),
  );
  return {
    ...{ project, repository, digest },
    registry: { id: arrival.registry, name: arrival.registryName, address: arrival.address },
    // the tag of the push first: a condition that names one tag sees that
    tags: [...new Set([...(tag === null ? [] : [tag]), ...tags])],
    images: [...found.values()],
    problem:
      problem === undefined
        ? undefined
        : `the inspection failed: ${problem.detail} (${problem.code})`,
  };
}
