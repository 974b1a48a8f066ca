/** Judges stored images: the subject of each decision in force, from what is stored of it. */
import type { DecisionTrigger } from '@lazaret/protocol';
import { sql, type Kysely, type Transaction } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { placeKey, readRegistryPlaces, readTagsOf } from '../registries/index.ts';
import { digestOutcome, factNames, judge, type Outcome, type Subject } from './judge.ts';
import { readJudgedFacts } from './judged-facts.ts';
import type { PolicySet } from './policy-set.ts';
import { dueAt, recordDecisions, type NewDecision } from './record-decisions.ts';

/** A decision in force about a whole image or index. */
export interface JudgedRow {
  readonly registry: string;
  readonly repository: string;
  readonly digest: string;
  readonly project: string;
  readonly verdict: string;
  readonly action: string;
  readonly images: readonly string[];
  readonly problem: string | null;
  readonly outcome: string;
  readonly tags: readonly string[];
  readonly arrival: string;
}

export const judgedColumns = sql`f.registry, f.repository, f.digest, f.project, f.arrival,
  f.verdict, f.action, f.images, f.problem, f.outcome, d.tags`;

export interface JudgedAgain {
  readonly row: JudgedRow;
  /** Undefined if the report was removed, so that the decision stays. */
  readonly subject: Subject | undefined;
  readonly outcome: Outcome | undefined;
  readonly hasChanged: boolean;
}

/** All of one project. Nothing is written. */
export async function judgeRows(
  database: Kysely<Database> | Transaction<Database>,
  rows: readonly JudgedRow[],
  { set, now }: { readonly set: PolicySet; readonly now: string },
): Promise<JudgedAgain[]> {
  const [first] = rows;
  if (first === undefined) return [];
  const registries = await readRegistryPlaces(
    database,
    rows.map(({ registry }) => registry),
  );
  const tags = await readTagsOf(database, rows);
  const digests = [...new Set(rows.flatMap(({ images }) => images))];
  const about = { project: first.project, digests };
  const facts = await readJudgedFacts(database, about, factNames(set));
  return rows.map((row) => {
    const registry = registries.get(row.registry);
    const images = row.images.flatMap((digest) => facts.get(digest) ?? []);
    if (registry === undefined || images.length < row.images.length) {
      return { row, subject: undefined, outcome: undefined, hasChanged: false };
    }
    const { project, repository, digest } = row;
    const subject: Subject = {
      ...{ project, registry, repository, digest, images },
      tags: orderTags(row.tags, tags.get(placeKey(row)) ?? []),
      problem: row.problem ?? undefined,
    };
    const outcome = judge(set, subject, now);
    const hasChanged = digestOutcome(outcome, subject.tags) !== row.outcome;
    return { row, subject, outcome, hasChanged };
  });
}

/** The tag of the push stays the first; a digest without tags is judged with its last ones. */
function orderTags(before: readonly string[], present: readonly string[]): readonly string[] {
  if (present.length === 0) return before;
  const [first] = before;
  return first !== undefined && present.includes(first)
    ? [...new Set([first, ...present])]
    : present;
}

export interface Writing {
  readonly set: PolicySet;
  readonly trigger: (row: JudgedRow) => DecisionTrigger;
  readonly causedBy: string;
}

/** Records what changed, and that the rest was judged. Returns how many changed. */
export async function writeJudged(
  trx: Transaction<Database>,
  judged: readonly JudgedAgain[],
  { set, trigger, causedBy }: Writing,
): Promise<number> {
  const changed = judged.flatMap(({ row, subject, outcome, hasChanged }): NewDecision[] => {
    if (!hasChanged || subject === undefined || outcome === undefined) return [];
    const { revision } = set;
    const { arrival } = row;
    return [{ subject, outcome, revision, arrival, causedBy, trigger: trigger(row) }];
  });
  await recordDecisions(trx, changed);
  const same = judged
    .filter(({ hasChanged }) => !hasChanged)
    .map(({ row: { registry, repository, digest }, outcome }) => ({
      ...{ registry, repository, digest },
      due_at: outcome === undefined ? null : dueAt(outcome),
    }));
  if (same.length === 0) return changed.length;
  await sql`
    update decisions_in_force f set revision = ${set.revision}, due_at = s.due_at
    from json_to_recordset(${JSON.stringify(same)})
      as s (registry text, repository text, digest text, due_at timestamptz)
    where f.registry = s.registry and f.repository = s.repository collate "C"
      and f.digest = s.digest and not f.is_part`.execute(trx);
  return changed.length;
}
