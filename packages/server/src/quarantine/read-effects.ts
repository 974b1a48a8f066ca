/** For those who show decisions: the effects of the actions on registries that they asked for. */
import type { DecisionEffect, EffectState } from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';

interface EffectRow {
  readonly decision: string;
  readonly inForce: boolean;
  readonly action: string | null;
  readonly actionState: string | null;
  readonly approvalReason: string | null;
  readonly decidedBy: string | null;
  readonly decisionReason: string | null;
  readonly problem: string | null;
  readonly item: string | null;
  readonly itemState: string | null;
  readonly isReleased: boolean | null;
}

/** By the id of the decision; those that ask for nothing in a registry are not included. */
export async function readEffects(
  database: Kysely<Database>,
  decisions: readonly string[],
): Promise<ReadonlyMap<string, DecisionEffect>> {
  if (decisions.length === 0) return new Map();
  // Without an action of its own a decision shares the item of an earlier one.
  const { rows } = await sql<EffectRow>`
    select d.id as decision, f.decision is not null as "inForce", a.id as action,
      a.state as "actionState", a.approval_reason as "approvalReason", a.decided_by as "decidedBy",
      a.decision_reason as "decisionReason", a.problem_detail as problem,
      coalesce(i.id, o.id) as item, coalesce(i.state, o.state) as "itemState",
      i.released_at is not null as "isReleased"
    from decisions d
    left join decisions_in_force f on f.registry = d.registry and f.repository = d.repository
      and f.digest = d.digest and f.decision = d.id
    left join actions a on a.decision = d.id
      and a.kind = case when d.action = 'attach' then 'attach' else 'quarantine' end
    left join quarantine_items i on i.id = a.item
    left join lateral (select q.id, q.state from quarantine_items q
      where q.registry = d.registry and q.repository = d.repository and q.digest = d.digest
        and q.state in ('preparing', 'quarantined', 'blocked')
      order by q.id desc limit 1) o
      on a.id is null and f.decision is not null and d.action <> 'attach'
    where d.id = any(${[...decisions]}::text[])
      and d.action in ('attach', 'quarantine', 'delete')`.execute(database);
  return new Map(
    rows.flatMap((row) => {
      const state = findState(row);
      return state === undefined ? [] : [[row.decision, toEffect(row, state)] as const];
    }),
  );
}

const itemStates: Readonly<Record<string, EffectState>> = {
  quarantined: 'done',
  blocked: 'blocked',
  released: 'released',
  failed: 'failed',
};

const actionStates: Readonly<Record<string, EffectState>> = {
  proposed: 'proposed',
  approved: 'waiting',
  running: 'running',
  done: 'done',
  failed: 'failed',
};

function findState(row: EffectRow): EffectState | undefined {
  const { actionState, itemState } = row;
  if (actionState === 'rejected') return row.decidedBy === 'policy' ? 'withdrawn' : 'rejected';
  if (itemState === 'purged') return row.isReleased === true ? 'released' : 'done';
  const ofItem = itemState === null ? undefined : itemStates[itemState];
  if (ofItem !== undefined) return ofItem;
  if (actionState !== null) return actionStates[actionState];
  return row.inForce ? 'waiting' : undefined;
}

function toEffect(row: EffectRow, state: EffectState): DecisionEffect {
  const { action, item } = row;
  const detail = state === 'released' ? null : describe(row, state);
  return { state, action, item, detail };
}

function describe(row: EffectRow, state: EffectState): string | null {
  if (state === 'proposed') return row.approvalReason;
  if (state === 'rejected') return `${row.decidedBy ?? ''}: ${row.decisionReason ?? ''}`;
  if (state === 'withdrawn') return row.decisionReason;
  return state === 'done' ? null : row.problem;
}
