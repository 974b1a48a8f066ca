/** The results of inspections, for those who requested them. */
import type { InspectionProblemCode, InspectionState, VerdictState } from '@lazaret/protocol';
import { sql, type Kysely, type Transaction } from 'kysely';

import type { Database } from '../floor/db/schema.ts';

export interface InspectionSummary {
  readonly id: string;
  readonly state: InspectionState;
  /** Of its images. */
  readonly verdicts: readonly VerdictState[];
  readonly problem: { readonly code: InspectionProblemCode; readonly detail: string } | undefined;
}

/** Those that exist, by id. */
export async function summarizeInspections(
  database: Kysely<Database>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, InspectionSummary>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<{
    id: string;
    state: InspectionState;
    code: InspectionProblemCode | null;
    detail: string | null;
    verdicts: VerdictState[];
  }>`
    select id, state, problem_code as code, problem_detail as detail,
      array(select verdict from inspection_images i where i.inspection = inspections.id) as verdicts
    from inspections where id = any(${[...ids]}::text[])`.execute(database);
  return new Map(
    rows.map(({ id, state, code, detail, verdicts }) => [
      id,
      {
        ...{ id, state, verdicts },
        problem: code === null ? undefined : { code, detail: detail ?? '' },
      },
    ]),
  );
}

/** Digests of the images of inspections, by inspection. */
export async function listInspectedImages(
  database: Kysely<Database> | Transaction<Database>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows } = await sql<{ inspection: string; digests: string[] }>`
    select inspection, array_agg(digest order by position) as digests
    from inspection_images where inspection = any(${[...ids]}::text[])
    group by inspection`.execute(database);
  return new Map(rows.map(({ inspection, digests }) => [inspection, digests]));
}

/** The worst of several verdicts; undefined of none. */
export function worstVerdict(verdicts: readonly VerdictState[]): VerdictState | undefined {
  const order: readonly VerdictState[] = verdictOrder;
  return verdicts.toSorted((one, other) => order.indexOf(one) - order.indexOf(other))[0];
}

/** The worst first. */
const verdictOrder = [
  'malicious',
  'suspicious',
  'incomplete',
  'unscanned',
  'clean',
] as const satisfies readonly VerdictState[];
