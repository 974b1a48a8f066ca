/**
 * The effects of decisions on registries: each decision in force that asks for one becomes an
 * action, once, in the transaction that finds it. A person has to approve what rests on weak
 * grounds, exceeds the limit of an hour, or was released before by a person. What a newer decision
 * replaced before it began is withdrawn.
 */
import { Problem, type DecidedAction, type DecidedRule, type JudgedImage } from '@lazaret/protocol';
import { sql, type Kysely, type Transaction } from 'kysely';

import { transaction } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { appendEvents } from '../floor/events/index.ts';
import { readWatched, type WatchedRegistry } from '../registries/index.ts';
import { insertAction } from './action-store.ts';
import { weakGrounds } from './check-grounds.ts';
import { insertItem } from './item-store.ts';
import { actionLimits } from './limits.ts';
import { chooseMode } from './plan-quarantine.ts';

export interface EffectParts {
  readonly database: Kysely<Database>;
  /** How long evidence is kept at least. */
  readonly retentionMs: number;
}

interface Asking {
  readonly id: string;
  readonly registry: string;
  readonly repository: string;
  readonly digest: string;
  readonly tags: readonly string[];
  readonly policy: string;
  readonly version: number;
  readonly verdict: string;
  readonly reasons: readonly string[];
  readonly actions: readonly DecidedAction[];
  readonly rules: readonly DecidedRule[];
  readonly images: readonly JudgedImage[];
}

/** Answers how many decisions got their actions. */
export function recordEffects(parts: EffectParts): Promise<number> {
  return transaction(parts.database, async (trx) => {
    await sql`select pg_advisory_xact_lock(hashtextextended('effects of decisions', 0))`.execute(
      trx,
    );
    await withdrawReplaced(trx);
    const asking = await findAsking(trx);
    for (const decision of asking) await recordActions(trx, decision, parts);
    return asking.length;
  });
}

/** In force, without an action yet, about an image that is not in quarantine. */
async function findAsking(trx: Transaction<Database>): Promise<Asking[]> {
  const attach = JSON.stringify([{ action: 'attach', state: 'apply' }]);
  const { rows } = await sql<Asking>`
    select d.id, d.registry, d.repository, d.digest, d.tags, d.policy_name as policy,
      d.policy_version as version, d.verdict, d.reasons, d.actions, d.rules, d.images
    from decisions_in_force f join decisions d on d.id = f.decision
    where not f.is_part and f.action in ('attach', 'block', 'quarantine', 'delete')
      and (d.action in ('quarantine', 'delete') or d.actions @> ${attach}::jsonb)
      and not exists(select from actions a where a.decision = d.id)
      and not exists(select from quarantine_items i where i.registry = d.registry
        and i.repository = d.repository and i.digest = d.digest
        and i.state in ('preparing', 'quarantined', 'blocked'))
      and not exists(select from actions o where o.registry = d.registry
        and o.repository = d.repository and o.digest = d.digest
        and o.state in ('proposed', 'approved', 'running'))
    order by d.id limit ${actionLimits.effectsAtOnce}`.execute(trx);
  return rows;
}

async function recordActions(
  trx: Transaction<Database>,
  decision: Asking,
  parts: EffectParts,
): Promise<void> {
  const registry = await readWatched(trx, decision.registry);
  if (registry === undefined) return;
  const applied = decision.actions.filter(({ state }) => state === 'apply');
  const about = {
    ...{ registry, repository: decision.repository, digest: decision.digest },
    ...{ actor: 'policy', decision: decision.id, reason: describeReason(decision) },
  };
  // The verdict first: what was taken out has nothing to attach to.
  const attach = applied.find(({ action }) => action === 'attach');
  if (attach !== undefined) {
    const approvalReason = await overLimit(trx, registry.project, { kind: 'attach', ...attach });
    const state = approvalReason === undefined ? 'approved' : 'proposed';
    const action = { ...about, kind: 'attach', state, item: null, parameters: {} } as const;
    await insertAction(trx, { ...action, approvalReason });
  }
  const removal = applied.findLast(({ action }) => action === 'quarantine' || action === 'delete');
  if (removal !== undefined) await recordRemoval(trx, { ...parts, decision, registry, removal });
}

interface Removal extends EffectParts {
  readonly decision: Asking;
  readonly registry: WatchedRegistry;
  readonly removal: DecidedAction;
}

async function recordRemoval(trx: Transaction<Database>, request: Removal): Promise<void> {
  const { decision, registry, removal, retentionMs } = request;
  const { repository, digest, tags: confirmed } = decision;
  const place = { registry, repository, digest, tag: undefined };
  const mode = removal.action === 'delete' ? ('remove' as const) : undefined;
  const chosen = tryMode(place, mode);
  const approvalReason =
    (chosen instanceof Problem ? chosen.message : undefined) ??
    weakGrounds(decision, removal) ??
    (await wasReleased(trx, registry.id, decision)) ??
    (await overLimit(trx, registry.project, { kind: 'quarantine', ...removal }));
  const reason = describeReason(decision);
  const isProposed = approvalReason !== undefined || chosen instanceof Problem;
  const plan = { repository, digest, mediaType: '', mode: 'remove', target: null } as const;
  const item = isProposed
    ? null
    : await insertItem(trx, {
        ...{ registry, confirmed, reason, retentionMs, actor: 'policy' },
        plan: { ...plan, ...chosen },
      });
  await insertAction(trx, {
    ...{ kind: 'quarantine', registry, repository, digest, item, reason, actor: 'policy' },
    ...{ state: isProposed ? 'proposed' : 'approved', decision: decision.id, approvalReason },
    parameters: { confirm: confirmed, ...(mode !== undefined && { mode }) },
  });
}

function tryMode(...[place, mode]: Parameters<typeof chooseMode>) {
  try {
    return chooseMode(place, mode);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

function describeReason({ policy, version, reasons }: Asking): string {
  const text = `policy ${policy} version ${version}: ${reasons.join('; ')}`;
  return text.slice(0, actionLimits.detailChars);
}

/** A person took the same image back: only a person takes it out again. */
async function wasReleased(
  trx: Transaction<Database>,
  registry: string,
  { repository, digest }: Asking,
): Promise<string | undefined> {
  const row = await trx
    .selectFrom('quarantine_items')
    .select(['id', 'state', 'released_by', 'release_reason'])
    .where('registry', '=', registry)
    .where('repository', '=', repository)
    .where('digest', '=', digest)
    .where('released_at', 'is not', null)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return `${row.released_by ?? ''} released it before (${row.id}): ${row.release_reason ?? ''}`;
}

/** Counts what ran without a person in the last hour, in the project. */
async function overLimit(
  trx: Transaction<Database>,
  project: string,
  { kind, perHour }: { readonly kind: string; readonly perHour: number | null },
): Promise<string | undefined> {
  const limit = perHour ?? (kind === 'attach' ? undefined : actionLimits.perHour);
  if (limit === undefined) return undefined;
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from actions
    where origin = 'policy' and kind = ${kind} and project = ${project}
      and approval_reason is null and requested_at > now() - interval '1 hour'`.execute(trx);
  const count = rows[0]?.count ?? 0;
  return count < limit ? undefined : `${count} without a person in the last hour (limit ${limit})`;
}

/** Proposed and waiting actions whose decision is no longer in force. */
async function withdrawReplaced(trx: Transaction<Database>): Promise<void> {
  const { rows } = await sql<{ id: string; project: string; item: string | null; kind: string }>`
    update actions a set state = 'rejected', decided_by = 'policy', decided_at = now(),
      decision_reason = 'the decision is not in force any more', finished_at = now()
    where origin = 'policy' and step is null and fence is null and decided_by is null
      and state in ('proposed', 'approved')
      and not exists(select from decisions_in_force f where f.decision = a.decision)
    returning id, project, item, kind`.execute(trx);
  for (const { item } of rows) {
    if (item === null) continue;
    await trx
      .updateTable('quarantine_items')
      .set({ state: 'failed' })
      .where('id', '=', item)
      .where('state', '=', 'preparing')
      .execute();
  }
  const reason = 'the decision is not in force any more';
  await appendEvents(
    trx,
    rows.map(({ id, project, kind }) => ({
      ...({ type: 'action.rejected', subject: id, actor: 'policy', project } as const),
      data: { kind, reason },
    })),
  );
}
