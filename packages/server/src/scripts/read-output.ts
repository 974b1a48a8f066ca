/** What a run of a script printed, for the files of Banyan Collector. */
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { scriptServerLimits } from './limits.ts';

export interface ScriptOutput {
  /** Name of the script without the ending, unless another script has the same one. */
  readonly directory: string;
  /** The bytes, as printed. */
  readonly stdout: Buffer;
}

/** Undefined when there is no such run of the project any more. */
export async function readScriptOutput(
  database: Kysely<Database>,
  { project, run }: { readonly project: string; readonly run: string },
): Promise<ScriptOutput | undefined> {
  const { rows } = await sql<ScriptOutput>`
    select r.stdout, case when exists (select from scripts o where o.id <> s.id
        and regexp_replace(o.name, ${ending}, '') = regexp_replace(s.name, ${ending}, ''))
      then s.name else regexp_replace(s.name, ${ending}, '') end as directory
    from script_runs r join scripts s on s.id = r.script
    where r.id = ${run} and r.project = ${project}`.execute(database);
  return rows[0];
}

const ending = String.raw`\.[^.]*$`;

/**
 * The newest output of each script that ended in an image, as text. What would make them larger
 * than the limit altogether has no text.
 */
export async function readScriptOutputs(
  database: Kysely<Database>,
  { project, digest }: { readonly project: string; readonly digest: string },
): Promise<readonly TextOutput[]> {
  const { rows } = await sql<{ script: string; stdout: Buffer | null; sizeBytes: number }>`
    select script, "sizeBytes", case when
        sum("sizeBytes") over (order by script) <= ${scriptServerLimits.outputsBytes}
      then (select stdout from script_runs where id = newest.run) end as stdout
    from (
      select distinct on (s.name) s.name as script, r.id as run, length(r.stdout) as "sizeBytes"
      from script_runs r join scripts s on s.id = r.script
      where r.project = ${project} and r.digest = ${digest} and r.state = 'finished'
        and r.outcome in ('succeeded', 'exit_code')
      order by s.name, r.id desc) as newest
    order by script`.execute(database);
  return rows.map(({ script, stdout, sizeBytes }) => ({
    ...{ script, sizeBytes, text: stdout?.toString('utf8') },
  }));
}

interface TextOutput {
  readonly script: string;
  readonly text: string | undefined;
  readonly sizeBytes: number;
}
