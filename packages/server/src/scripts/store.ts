/** Rows of scripts: reading them for the API and for the runner. */
import {
  Problem,
  scriptSettings,
  type Page,
  type Script,
  type ScriptDetail,
  type ScriptKind,
  type ScriptSettings,
} from '@lazaret/protocol';
import type { Kysely, Selectable } from 'kysely';
import { sql } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { countImagesBefore } from '../inspection/index.ts';

export type ScriptSource = Script['source'];

/** What is needed to select images and to run it. */
export interface StoredScript {
  readonly id: string;
  readonly name: string;
  readonly kind: ScriptKind;
  readonly source: ScriptSource;
  readonly enabled: boolean;
  readonly sha256: string;
  readonly revision: string;
  readonly settings: ScriptSettings;
  readonly plannedFrom: number | null;
  readonly plannedAt: Date;
}

const storedColumns = [
  ...(['id', 'name', 'kind', 'source', 'enabled', 'sha256', 'revision', 'settings'] as const),
  ...(['planned_from', 'planned_at'] as const),
] as const;

type StoredRow = Pick<Selectable<Database['scripts']>, (typeof storedColumns)[number]>;

function toStored(row: StoredRow): StoredScript {
  return {
    ...{ id: row.id, name: row.name, enabled: row.enabled, sha256: row.sha256 },
    kind: row.kind as ScriptKind,
    source: row.source as ScriptSource,
    revision: row.revision,
    settings: readSettings(row.settings),
    plannedFrom: row.planned_from,
    plannedAt: row.planned_at,
  };
}

/** Settings that were stored by an earlier version get the defaults of new ones. */
function readSettings(stored: unknown): ScriptSettings {
  return scriptSettings.parse(stored);
}

/** All that were not removed, by name. */
export async function listStoredScripts(database: Kysely<Database>): Promise<StoredScript[]> {
  const rows = await database
    .selectFrom('scripts')
    .select([...storedColumns])
    .where('removed_at', 'is', null)
    .orderBy('name')
    .execute();
  return rows.map(toStored);
}

export async function findStoredScript(
  database: Kysely<Database>,
  name: string,
): Promise<StoredScript | undefined> {
  const row = await database
    .selectFrom('scripts')
    .select([...storedColumns])
    .where('name', '=', name)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
  return row === undefined ? undefined : toStored(row);
}

export async function readContent(database: Kysely<Database>, id: string): Promise<Buffer> {
  const { content } = await database
    .selectFrom('scripts')
    .select('content')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return content;
}

interface Counts {
  readonly script: string;
  readonly queued: number;
  readonly succeeded: number;
  readonly failed: number;
}

const listedColumns = [
  ...storedColumns,
  ...(['created_by', 'created_at', 'changed_at'] as const),
] as const;

/** By name. */
export async function listScripts(
  database: Kysely<Database>,
  { limit, after }: { readonly limit: number; readonly after: string | undefined },
): Promise<Page<Script>> {
  let query = database
    .selectFrom('scripts')
    .select([...listedColumns])
    .select(sql<number>`octet_length(content)`.as('size_bytes'))
    .where('removed_at', 'is', null);
  if (after !== undefined) query = query.where('name', '>', after);
  const rows = await query
    .orderBy('name')
    .limit(limit + 1)
    .execute();
  const page = rows.slice(0, limit);
  const items = await describe(database, page);
  const next = rows.length > limit ? (page.at(-1)?.name ?? null) : null;
  return { items, next };
}

export async function readScript(database: Kysely<Database>, name: string): Promise<ScriptDetail> {
  const row = await database
    .selectFrom('scripts')
    .select([...listedColumns, 'content'])
    .select(sql<number>`octet_length(content)`.as('size_bytes'))
    .where('name', '=', name)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
  if (row === undefined) throw noSuchScript(name);
  const [script] = await describe(database, [row]);
  if (script === undefined) throw noSuchScript(name);
  return { ...script, text: row.kind === 'binary' ? null : decode(row.content) };
}

export function noSuchScript(name: string): Problem {
  return new Problem('not_found', `there is no script ${name}`);
}

function decode(content: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    return null;
  }
}

type ListedRow = Pick<Selectable<Database['scripts']>, (typeof listedColumns)[number]> & {
  readonly size_bytes: number;
};

async function describe(database: Kysely<Database>, rows: readonly ListedRow[]): Promise<Script[]> {
  const counts = await countRuns(
    database,
    rows.map(({ id }) => id),
  );
  const left = await countImagesBefore(
    database,
    rows.flatMap(({ planned_from: from }) => from ?? []),
  );
  return rows.map((row) => {
    const { script: _, ...found } = counts.get(row.id) ?? noCounts;
    return {
      ...{ name: row.name, enabled: row.enabled, sha256: row.sha256, revision: row.revision },
      kind: row.kind as ScriptKind,
      source: row.source as ScriptSource,
      sizeBytes: row.size_bytes,
      settings: readSettings(row.settings),
      counts: found,
      planned: row.planned_from === null,
      remainingImages: row.planned_from === null ? 0 : (left.get(row.planned_from) ?? 0),
      createdBy: row.created_by,
      createdAt: row.created_at.toISOString(),
      changedAt: row.changed_at.toISOString(),
    };
  });
}

const noCounts: Counts = { script: '', queued: 0, succeeded: 0, failed: 0 };

async function countRuns(
  database: Kysely<Database>,
  scripts: readonly string[],
): Promise<ReadonlyMap<string, Counts>> {
  const { rows } = await sql<Counts>`
    select r.script,
      count(*) filter (where state <> 'finished') as queued,
      count(*) filter (where outcome = 'succeeded') as succeeded,
      count(*) filter (where state = 'finished' and outcome <> 'succeeded') as failed
    from script_runs r join scripts s on s.id = r.script and s.revision = r.revision
    where r.script = any(${[...scripts]}::text[]) group by r.script`.execute(database);
  return new Map(rows.map((row) => [row.script, row]));
}
