/** What would change for stored images: judged as usual, and nothing is written. */
import {
  decisionActions,
  limits,
  policyVerdicts,
  type DecisionAction,
  type PolicyVerdict,
  type PreviewedChange,
  type RejudgePreview,
} from '@lazaret/protocol';
import { sortPolicies } from '@lazaret/policy';
import { sql } from 'kysely';

import { requireDocument } from './check-document.ts';
import type { JudgingParts } from './decide-arrivals.ts';
import { sha256Of } from './default-policy.ts';
import type { Outcome, Subject } from './judge.ts';
import { judgedColumns, judgeRows, type JudgedRow } from './judge-stored.ts';
import { judgingLimits } from './limits.ts';
import type { PolicySet } from './policy-set.ts';

export interface PreviewRequest {
  readonly project: string;
  /** The policy to try; it replaces the one of its name. */
  readonly document: string | undefined;
  /** How many images to look at, the newest first. */
  readonly images: number;
  readonly signal: AbortSignal;
}

export async function previewPolicy(
  parts: JudgingParts,
  { project, document, images, signal }: PreviewRequest,
): Promise<RejudgePreview> {
  const stored = await parts.sets.read(parts.database, project);
  const set = document === undefined ? stored : withCandidate(stored, document);
  const now = new Date(parts.now()).toISOString();
  const counts = new Map<string, RejudgePreview['counts'][number]>();
  const totals = new Totals();
  const changes: PreviewedChange[] = [];
  const seen = { judged: 0, skipped: 0, changed: 0, reasonsOnly: 0 };
  let reached: string | undefined;
  while (seen.judged + seen.skipped < images && !signal.aborted) {
    const room = images - seen.judged - seen.skipped;
    const rows = await readBatch(parts, { project, reached, room });
    reached = rows.at(-1)?.arrival;
    if (reached === undefined) break;
    for (const one of await judgeRows(parts.database, rows, { set, now })) {
      if (one.outcome === undefined || one.subject === undefined) {
        seen.skipped += 1;
        continue;
      }
      seen.judged += 1;
      totals.add(one.row, one.outcome);
      if (!one.hasChanged) continue;
      if (isSameResult(one.row, one.outcome)) {
        seen.reasonsOnly += 1;
        continue;
      }
      seen.changed += 1;
      const change = toChange(one.row, one.subject, one.outcome);
      count(counts, change);
      if (changes.length < limits.previewChanges) changes.push(change);
    }
  }
  const total = await countSubjects(parts, project);
  const ordered = [...counts.values()].toSorted((a, b) => b.images - a.images);
  return { project, ...seen, total, counts: ordered, ...totals.list(), changes };
}

function isSameResult(before: JudgedRow, after: Outcome): boolean {
  return before.verdict === after.verdict && before.action === after.action;
}

/** All judged images by verdict and by action, before and after. */
class Totals {
  readonly #counts = new Map<string, number>();

  add(before: { readonly verdict: string; readonly action: string }, after: Outcome): void {
    for (const [when, { verdict, action }] of Object.entries({ before, after })) {
      for (const key of [`${when} verdict ${verdict}`, `${when} action ${action}`]) {
        this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
      }
    }
  }

  list(): Pick<RejudgePreview, 'verdicts' | 'actions'> {
    const of = (what: string) => ({
      before: this.#counts.get(`before ${what}`) ?? 0,
      after: this.#counts.get(`after ${what}`) ?? 0,
    });
    return {
      verdicts: policyVerdicts.map((verdict) => ({ verdict, ...of(`verdict ${verdict}`) })),
      actions: decisionActions.map((action) => ({ action, ...of(`action ${action}`) })),
    };
  }
}

function withCandidate(set: PolicySet, document: string): PolicySet {
  const policy = requireDocument(document);
  const candidate = { policy, version: 0, sha256: sha256Of(document) };
  const others = set.policies.filter((one) => one.policy.name !== policy.name);
  return { ...set, policies: sortPolicies([...others, candidate]) };
}

async function readBatch(
  { database }: JudgingParts,
  about: { readonly project: string; readonly reached: string | undefined; readonly room: number },
): Promise<readonly JudgedRow[]> {
  const { project, reached, room } = about;
  const { rows } = await sql<JudgedRow>`
    select ${judgedColumns} from decisions_in_force f join decisions d on d.id = f.decision
    where f.project = ${project} and not f.is_part
      and ${reached === undefined ? sql`true` : sql`f.arrival < ${reached}`}
    order by f.arrival desc limit ${Math.min(room, judgingLimits.imagesAtOnce)}`.execute(database);
  return rows;
}

async function countSubjects({ database }: JudgingParts, project: string): Promise<number> {
  const { count: found } = await database
    .selectFrom('decisions_in_force')
    .select(sql<number>`count(*)::int`.as('count'))
    .where('project', '=', project)
    .where('is_part', '=', false)
    .executeTakeFirstOrThrow();
  return found;
}

function toChange(row: JudgedRow, subject: Subject, outcome: Outcome): PreviewedChange {
  return {
    ...{ registry: subject.registry.name, repository: row.repository },
    ...{ tags: [...subject.tags], digest: row.digest },
    before: { verdict: row.verdict as PolicyVerdict, action: row.action as DecisionAction },
    after: {
      verdict: outcome.verdict,
      action: outcome.action,
      policy: outcome.policy.policy.name,
      reasons: outcome.reasons.slice(0, reasonsShown),
    },
  };
}

const reasonsShown = 10;

function count(
  counts: Map<string, RejudgePreview['counts'][number]>,
  { before, after }: PreviewedChange,
): void {
  const from = `${before.verdict} ${before.action}`;
  const to = `${after.verdict} ${after.action}`;
  const known = counts.get(`${from} ${to}`);
  counts.set(`${from} ${to}`, { before: from, after: to, images: (known?.images ?? 0) + 1 });
}
