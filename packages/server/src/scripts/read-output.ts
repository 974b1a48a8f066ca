/** What a run of a script printed, for the files of Banyan Collector. */
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';

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
