/** Explains decisions in force: every rule as it evaluates now, with the parts of its condition. */
import type { PolicyResult, RuleResult } from '@lazaret/policy';
import { Problem, type DecisionExplanation, type ExplainedRule } from '@lazaret/protocol';
import { sql } from 'kysely';

import type { ProjectScope } from '../floor/principal.ts';
import type { JudgingParts } from './decide-arrivals.ts';
import { evaluateImage, policyFor } from './judge.ts';
import { judgingLimits } from './limits.ts';
import { judgedColumns, judgeRows, type JudgedRow } from './judge-stored.ts';
import { addEffect, readDecision, type EffectParts } from './read-decisions.ts';

type ExplainParts = JudgingParts & EffectParts;

export interface ExplainRequest {
  readonly digest: string;
  readonly project?: string | undefined;
  readonly registry?: string | undefined;
  readonly repository?: string | undefined;
}

/** Throws not_found when there is no decision about the digest. */
export async function explainDigest(
  parts: ExplainParts,
  scope: ProjectScope,
  ask: ExplainRequest,
): Promise<DecisionExplanation[]> {
  const rows = await findRows(parts, scope, ask);
  if (rows.length === 0) {
    throw new Problem('not_found', `there is no decision in force about ${ask.digest}`);
  }
  const explained: DecisionExplanation[] = [];
  for (const row of rows) explained.push(await explainRow(parts, row));
  return explained;
}

type FoundRow = JudgedRow & { readonly decision: string };

async function findRows(
  { database }: JudgingParts,
  scope: ProjectScope,
  { digest, project, registry, repository }: ExplainRequest,
): Promise<readonly FoundRow[]> {
  const given = (column: string, value: string | undefined) =>
    value === undefined ? sql`true` : sql`${sql.ref(column)} = ${value}`;
  const { rows } = await sql<FoundRow>`
    select ${judgedColumns}, f.decision
    from decisions_in_force f join decisions d on d.id = f.decision
    where (f.digest = ${digest} or f.images @> array[${digest}::text]) and not f.is_part
      and ${scope === 'all' ? sql`true` : sql`f.project = any(${[...scope]}::text[])`}
      and ${given('f.project', project)} and ${given('d.registry_name', registry)}
      and ${given('f.repository', repository)}
    order by f.arrival desc limit ${placesExplained}`.execute(database);
  return rows;
}

const placesExplained = 20;

async function explainRow(parts: ExplainParts, row: FoundRow): Promise<DecisionExplanation> {
  const { database, sets } = parts;
  const set = await sets.read(database, row.project);
  const now = new Date(parts.now()).toISOString();
  const {
    images: _,
    rules: __,
    exceptions: ___,
    ...stored
  } = await readDecision(database, 'all', row.decision);
  const decision = await addEffect(parts, stored);
  const [judged] = await judgeRows(database, [row], { set, now });
  const { subject } = judged ?? {};
  if (subject === undefined) return { decision, images: [] };
  const policy = policyFor(set, subject);
  const { exceptions } = set;
  return {
    decision,
    images: subject.images.map((image) => {
      const input = { image, subject, now, exceptions };
      const result = evaluateImage(policy, input, { explain: true });
      const { digest, platform, verdict: inspected } = image;
      return { digest, platform, inspected, ...toExplained(result) };
    }),
  };
}

function toExplained({ policy, verdict, reasons, rules, actions, expired, unused }: PolicyResult) {
  return {
    ...{ policy, verdict, reasons: [...reasons] },
    actions: actions.map(({ rules: ids, ...one }) => ({ ...toAction(one), rules: [...ids] })),
    rules: rules.map(toExplainedRule),
    expired: [...expired],
    unused: [...unused],
  };
}

function toExplainedRule(rule: RuleResult): ExplainedRule {
  const { id, severity, effect, state, condition, message, reason, clauses, evidence } = rule;
  return {
    ...{ id, severity, effect, state, condition },
    ...{ message: message ?? null, reason: reason ?? null },
    clauses: clauses.map(({ text, isOperand, value, error }) => ({
      ...{ text, isOperand },
      value: error === undefined ? (JSON.stringify(value) ?? 'null') : `error: ${error}`,
    })),
    evidence: evidence.map(({ from, total, items }) => ({
      ...{ from, total, items: items.slice(0, judgingLimits.evidenceItems) },
    })),
    exceptions: [...rule.exceptions],
    actions: rule.actions.map(toAction),
  };
}

function toAction({ action, state, reason }: RuleResult['actions'][number]) {
  return { action, state, reason: reason ?? null };
}
