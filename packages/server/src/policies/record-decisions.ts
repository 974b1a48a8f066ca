/**
 * Writes decisions, what they put in force, and their events: together, in the transaction of the
 * caller, before anything acts on them.
 */
import type { DecisionTrigger } from '@lazaret/protocol';
import { sql, type Transaction } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { appendEvents, type NewEvent } from '../floor/events/index.ts';
import { newId } from '../floor/ids.ts';
import { packStorable } from '../floor/storable.ts';
import { digestOutcome, type Outcome, type Subject } from './judge.ts';

export interface NewDecision {
  readonly subject: Subject;
  readonly outcome: Outcome;
  /** Of the policies and exceptions that it was judged with. */
  readonly revision: number;
  readonly trigger: DecisionTrigger;
  readonly arrival: string;
  readonly causedBy: string;
}

export interface RecordedDecision extends NewDecision {
  readonly id: string;
}

/** In one statement each, however many they are. No two of them may be about the same place. */
export async function recordDecisions(
  trx: Transaction<Database>,
  decisions: readonly NewDecision[],
): Promise<RecordedDecision[]> {
  if (decisions.length === 0) return [];
  const recorded = decisions.map((one) => ({ id: newId(), ...one }));
  await sql`
    insert into decisions (id, project, registry, registry_name, repository, digest, tags, arrival,
      trigger, policy_name, policy_version, policy_sha256, inspected, verdict, action, actions,
      reasons, images, rules, exceptions, approved_by, caused_by, previous)
    select d.id, d.project, d.registry, d.registry_name, d.repository, d.digest,
      array(select json_array_elements_text(d.tags)), d.arrival, d.trigger, d.policy_name,
      d.policy_version, d.policy_sha256, d.inspected, d.verdict, d.action, d.actions,
      array(select json_array_elements_text(d.reasons)), d.images, d.rules, d.exceptions, 'policy',
      d.caused_by, f.decision
    from json_to_recordset(${packStorable(recorded.map(toRow))}) as d (id text, project text,
      registry text, registry_name text, repository text, digest text, tags json, arrival text,
      trigger text, policy_name text, policy_version integer, policy_sha256 text, inspected text,
      verdict text, action text, actions jsonb, reasons json, images jsonb, rules jsonb,
      exceptions jsonb, caused_by text)
    left join decisions_in_force f on f.registry = d.registry
      and f.repository = d.repository collate "C" and f.digest = d.digest and not f.is_part
  `.execute(trx);
  await putInForce(trx, recorded);
  await appendEvents(trx, recorded.map(toEvent));
  return recorded;
}

function toRow({ id, subject, outcome, ...rest }: RecordedDecision) {
  const { registry, policy, ...parts } = { registry: subject.registry, ...outcome };
  return {
    ...{ id, project: subject.project, registry: registry.id, registry_name: registry.name },
    ...{ repository: subject.repository, digest: subject.digest, tags: subject.tags },
    ...{ arrival: rest.arrival, trigger: rest.trigger, caused_by: rest.causedBy },
    ...{ policy_name: policy.policy.name, policy_version: policy.version },
    ...{ policy_sha256: policy.sha256, ...parts },
  };
}

interface InForceRow {
  readonly registry: string;
  readonly repository: string;
  readonly digest: string;
  readonly decision: string;
  readonly verdict: string;
  readonly action: string;
  readonly project: string;
  readonly arrival: string;
  readonly is_part: boolean;
  readonly images: readonly string[];
  readonly problem: string | null;
  readonly outcome: string;
  readonly revision: number;
  readonly due_at: string | null;
}

/** An image of an index has the decision of the index, unless it has one of its own. */
async function putInForce(
  trx: Transaction<Database>,
  recorded: readonly RecordedDecision[],
): Promise<void> {
  const wholes = recorded.map(toInForce);
  const taken = new Set(wholes.map(keyOf));
  const parts = new Map<string, InForceRow>();
  for (const row of recorded.flatMap(toParts))
    if (!taken.has(keyOf(row))) parts.set(keyOf(row), row);
  await sql`
    insert into decisions_in_force (registry, repository, digest, decision, verdict, action,
      project, arrival, is_part, images, problem, outcome, revision, due_at)
    select registry, repository, digest, decision, verdict, action, project, arrival,
      is_part, array(select json_array_elements_text(images)), problem, outcome, revision, due_at
    from json_to_recordset(${JSON.stringify([...wholes, ...parts.values()])}) as d (registry text,
      repository text, digest text, decision text, verdict text, action text, project text,
      arrival text, is_part boolean, images json, problem text, outcome text, revision bigint,
      due_at timestamptz)
    order by registry, repository, digest
    on conflict (registry, repository, digest) do update set decision = excluded.decision,
      verdict = excluded.verdict, action = excluded.action, arrival = excluded.arrival,
      is_part = excluded.is_part,
      images = excluded.images, problem = excluded.problem, outcome = excluded.outcome,
      revision = excluded.revision, due_at = excluded.due_at
    where decisions_in_force.is_part or not excluded.is_part`.execute(trx);
}

function keyOf({ registry, repository, digest }: InForceRow): string {
  return `${registry} ${repository} ${digest}`;
}

function toInForce({ id, subject, outcome, revision, arrival }: RecordedDecision): InForceRow {
  return {
    ...{ registry: subject.registry.id, repository: subject.repository, digest: subject.digest },
    ...{ decision: id, verdict: outcome.verdict, action: outcome.action, is_part: false },
    ...{ project: subject.project, arrival, revision, due_at: dueAt(outcome) },
    images: outcome.images.map(({ digest }) => digest),
    problem: subject.problem ?? null,
    outcome: digestOutcome(outcome, subject.tags),
  };
}

function toParts(recorded: RecordedDecision): InForceRow[] {
  const whole = toInForce(recorded);
  return recorded.outcome.images
    .filter(({ digest }) => digest !== whole.digest)
    .map(({ digest, verdict, action }) => ({
      ...whole,
      ...{ digest, verdict, action, is_part: true, images: [], problem: null, due_at: null },
    }));
}

/** When the first exception ends on which the outcome rests. */
export function dueAt({ exceptions }: Outcome): string | null {
  const times = exceptions.map(({ expires }) => Date.parse(expires)).filter(Number.isFinite);
  return times.length === 0 ? null : new Date(Math.min(...times)).toISOString();
}

function toEvent({ id, subject, outcome, ...rest }: RecordedDecision): NewEvent {
  const { project, registry, repository, digest, tags } = subject;
  const { policy, verdict, action, actions, reasons, inspected } = outcome;
  return {
    ...{ type: 'decision.recorded', subject: id, actor: rest.causedBy, project },
    data: {
      ...{ registry: registry.name, address: registry.address, repository, digest, tags },
      ...{ verdict, action, inspected, arrival: rest.arrival, trigger: rest.trigger },
      actions: actions.map((one) => ({ action: one.action, state: one.state })),
      policy: { name: policy.policy.name, version: policy.version },
      reasons: reasons.slice(0, reasonsInEvent),
    },
  };
}

const reasonsInEvent = 5;
