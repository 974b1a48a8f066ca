/** The results of scripts as facts for policies: those of current revisions that have ended. */
import { scriptOutcome, type ScriptOutcome } from '@lazaret/protocol';
import { sql, type Kysely, type Transaction } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { scriptServerLimits } from './limits.ts';

export interface ScriptFact {
  readonly name: string;
  readonly outcome: ScriptOutcome;
  readonly exitCode?: number;
  /** Start of standard output. */
  readonly stdout: string;
  /** Parsed; absent unless the output has the declared format. */
  readonly output?: unknown;
  readonly limitsReached: string[];
  readonly disagreements: number;
}

interface FactRow {
  readonly digest: string;
  readonly name: string;
  readonly outcome: string;
  readonly exit_code: number | null;
  readonly stdout: Buffer;
  readonly output: unknown;
  readonly limits_reached: string[];
  readonly findings: number;
}

/** By digest, by name. */
export async function readScriptFacts(
  database: Kysely<Database> | Transaction<Database>,
  { project, digests }: { readonly project: string; readonly digests: readonly string[] },
): Promise<ReadonlyMap<string, readonly ScriptFact[]>> {
  const { rows } = await sql<FactRow>`
    select r.digest, s.name, r.outcome, r.exit_code, r.output, r.limits_reached, r.findings,
      substring(r.stdout from 1 for ${scriptServerLimits.factBytes}) as stdout
    from script_runs r join scripts s on s.id = r.script and s.revision = r.revision
    where r.project = ${project} and r.digest = any(${[...digests]}::text[])
      and r.state = 'finished' and s.removed_at is null and s.enabled
    order by r.digest, s.name`.execute(database);
  const byDigest = Map.groupBy(rows, ({ digest }) => digest);
  return new Map([...byDigest].map(([digest, own]) => [digest, own.map(toFact)]));
}

function toFact(row: FactRow): ScriptFact {
  const { name, exit_code: exitCode, output } = row;
  return {
    ...{ name, outcome: scriptOutcome.parse(row.outcome) },
    ...(exitCode !== null && { exitCode }),
    stdout: row.stdout.toString('utf8'),
    ...(output !== null && { output }),
    limitsReached: row.limits_reached,
    disagreements: row.findings,
  };
}
