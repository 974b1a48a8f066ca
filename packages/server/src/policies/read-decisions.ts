/** Reading of decisions: for callers within their projects, and the one in force for a pull. */
import {
  Problem,
  type Decision,
  type DecisionAction,
  type DecisionDetail,
  type DecisionEffect,
  type DecisionTrigger,
  type Page,
  type PolicyVerdict,
  type VerdictState,
} from '@lazaret/protocol';
import { sql, type Kysely, type Transaction } from 'kysely';

import { prepared } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { checkCursor } from '../floor/http/index.ts';
import { idAt } from '../floor/ids.ts';
import type { ProjectScope } from '../floor/principal.ts';

type Connection = Kysely<Database> | Transaction<Database>;

/** All but what was found: images, rules and exceptions can be long, and are read alone. */
const listed = [
  ...(['d.id', 'd.project', 'd.registry_name', 'd.repository', 'd.tags', 'd.digest'] as const),
  ...(['d.arrival', 'd.trigger', 'd.policy_name', 'd.policy_version', 'd.policy_sha256'] as const),
  ...(['d.inspected', 'd.verdict', 'd.action', 'd.actions', 'd.reasons'] as const),
  ...(['d.approved_by', 'd.caused_by', 'd.previous', 'd.decided_at'] as const),
] as const;

function select(database: Connection) {
  return database.selectFrom('decisions as d').select(listed).select(isInForce.as('in_force'));
}

const isInForce = sql<boolean>`exists (select from decisions_in_force f
  where f.registry = d.registry and f.repository = d.repository and f.digest = d.digest
    and f.decision = d.id)`;

export type DecisionRow = Awaited<ReturnType<ReturnType<typeof select>['executeTakeFirstOrThrow']>>;

/** What the table of decisions has: without the effect of its action. */
export type StoredDecision = Omit<Decision, 'effect'>;

export interface EffectParts {
  readonly database: Kysely<Database>;
  readonly readEffects: ReadEffects;
}

export interface DecisionFilter {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly project?: string | undefined;
  readonly registry?: string | undefined;
  readonly repository?: string | undefined;
  readonly digest?: string | undefined;
  readonly verdict?: readonly PolicyVerdict[] | undefined;
  readonly action?: readonly DecisionAction[] | undefined;
  readonly since?: string | undefined;
  readonly inForce?: boolean | undefined;
}

/** The latest first. */
export async function listDecisions(
  database: Kysely<Database>,
  scope: ProjectScope,
  ask: DecisionFilter,
): Promise<Page<StoredDecision>> {
  checkCursor(ask.cursor);
  let query = select(database).where(within(scope));
  const exact = [
    ...([
      ['d.project', ask.project],
      ['d.registry_name', ask.registry],
    ] as const),
    ...([
      ['d.repository', ask.repository],
      ['d.digest', ask.digest],
    ] as const),
  ];
  for (const [column, value] of exact) {
    if (value !== undefined) query = query.where(column, '=', value);
  }
  for (const [column, values] of [
    ['d.verdict', ask.verdict],
    ['d.action', ask.action],
  ] as const) {
    if (values === undefined) continue;
    query = query.where(sql<boolean>`${sql.ref(column)} = any(${[...values]}::text[])`);
  }
  if (ask.since !== undefined) query = query.where('d.id', '>=', idAt(Date.parse(ask.since)));
  if (ask.inForce !== undefined) query = query.where(isInForce, '=', ask.inForce);
  if (ask.cursor !== undefined) query = query.where('d.id', '<', ask.cursor);
  const rows = await query
    .orderBy('d.id', 'desc')
    .limit(ask.limit + 1)
    .execute();
  const page = rows.slice(0, ask.limit);
  const next = rows.length > ask.limit ? (page.at(-1)?.id ?? null) : null;
  return { items: page.map(toDecision), next };
}

export async function readDecision(
  database: Kysely<Database>,
  scope: ProjectScope,
  id: string,
): Promise<Omit<DecisionDetail, 'effect'>> {
  const row = await select(database)
    .select(['d.images', 'd.rules', 'd.exceptions'])
    .where(within(scope))
    .where('d.id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw new Problem('not_found', `there is no decision ${id}`);
  const { images, rules, exceptions } = row;
  return { ...toDecision(row), images, rules, exceptions };
}

export interface PulledDigest {
  readonly project: string;
  /** ID of the registry. */
  readonly registry: string;
  readonly repository: string;
  readonly digest: string;
}

/** A decision in force, as it concerns one digest. */
export interface DecisionInForce extends StoredDecision {
  /** Of this digest: an image of an index may be better than the index. */
  readonly own: { readonly verdict: PolicyVerdict; readonly action: DecisionAction };
}

/**
 * The newest decision about a digest in a repository, by two primary keys. An image that was only
 * judged as a part of an index has the decision of the index, with a verdict and action of its own.
 */
export async function readDecisionInForce(
  database: Connection,
  { project, registry, repository, digest }: PulledDigest,
): Promise<DecisionInForce | undefined> {
  const row = await database
    .selectFrom('decisions_in_force as f')
    .innerJoin('decisions as d', 'd.id', 'f.decision')
    .select(listed)
    .select(['f.verdict as own_verdict', 'f.action as own_action'])
    .where('f.registry', '=', registry)
    .where('f.repository', '=', repository)
    .where('f.digest', '=', digest)
    .where('f.project', '=', project)
    .modifyEnd(prepared('decision_in_force'))
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { own_verdict: verdict, own_action: action, ...decision } = row;
  return {
    ...toDecision({ ...decision, in_force: true }),
    own: { verdict: verdict as PolicyVerdict, action: action as DecisionAction },
  };
}

/** Whether two decisions come to the same verdict for the same reasons. */
export async function hasSameResult(
  database: Connection,
  one: string,
  other: string,
): Promise<boolean> {
  if (one === other) return true;
  const row = await database
    .selectFrom('decisions as d')
    .innerJoin('decisions as e', (join) =>
      join.onRef('e.verdict', '=', 'd.verdict').onRef('e.reasons', '=', 'd.reasons'),
    )
    .select('d.id')
    .where('d.id', '=', one)
    .where('e.id', '=', other)
    .executeTakeFirst();
  return row !== undefined;
}

export function within(scope: ProjectScope) {
  return scope === 'all' ? sql<boolean>`true` : sql<boolean>`d.project = any(${scope}::text[])`;
}

/** By the id of the decision; see `readEffects` of the quarantine. */
export type ReadEffects = (
  database: Kysely<Database>,
  decisions: readonly string[],
) => Promise<ReadonlyMap<string, DecisionEffect>>;

/** Decisions with the effects of their actions. */
export async function addEffects<T extends StoredDecision>(
  { database, readEffects }: EffectParts,
  decisions: readonly T[],
): Promise<(T & Pick<Decision, 'effect'>)[]> {
  const effects = await readEffects(
    database,
    decisions.map(({ id }) => id),
  );
  return decisions.map((decision) => ({ ...decision, effect: effects.get(decision.id) ?? null }));
}

export async function addEffect<T extends StoredDecision>(
  { database, readEffects }: EffectParts,
  decision: T,
): Promise<T & Pick<Decision, 'effect'>> {
  const effects = await readEffects(database, [decision.id]);
  return { ...decision, effect: effects.get(decision.id) ?? null };
}

export function toDecision(row: DecisionRow): StoredDecision {
  return {
    ...{ id: row.id, project: row.project, registry: row.registry_name },
    ...{ repository: row.repository, tags: row.tags, digest: row.digest, arrival: row.arrival },
    trigger: row.trigger as DecisionTrigger,
    ...{ policy: row.policy_name, policyVersion: row.policy_version },
    policySha256: row.policy_sha256,
    inspected: row.inspected as VerdictState | null,
    verdict: row.verdict as PolicyVerdict,
    action: row.action as DecisionAction,
    ...{ actions: row.actions, reasons: row.reasons },
    ...{ approvedBy: row.approved_by, causedBy: row.caused_by },
    ...{ inForce: row.in_force, previous: row.previous },
    decidedAt: row.decided_at.toISOString(),
  };
}
