/** The decision in force about a digest in a repository, joined by primary keys for lists. */
import type {
  DecisionAction,
  DecisionInForceSummary,
  PolicyVerdict,
  VerdictState,
} from '@lazaret/protocol';
import { sql, type RawBuilder } from 'kysely';

/** As the database answers it. */
export interface InForceRow {
  readonly decision: string;
  readonly inspected: string | null;
  readonly verdict: string;
  readonly action: string;
  readonly decidedAt: string;
}

/** One look-up by primary key for each row of the table `alias`, which names the place. */
export function selectInForce(alias: 'a' | 't'): RawBuilder<InForceRow | null> {
  const of = (column: string) => sql.ref(`${alias}.${column}`);
  return sql<InForceRow | null>`(select jsonb_build_object('decision', f.decision,
      'inspected', d.inspected, 'verdict', f.verdict, 'action', f.action,
      'decidedAt', d.decided_at)
    from decisions_in_force f join decisions d on d.id = f.decision
    where f.registry = ${of('registry')} and f.repository = ${of('repository')}
      and f.digest = ${of('digest')})`;
}

export function toInForce(row: InForceRow | null): DecisionInForceSummary | null {
  if (row === null) return null;
  return {
    decision: row.decision,
    inspected: row.inspected as VerdictState | null,
    verdict: row.verdict as PolicyVerdict,
    action: row.action as DecisionAction,
    decidedAt: new Date(row.decidedAt).toISOString(),
  };
}
