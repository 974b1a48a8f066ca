/** Enabling, disabling, rolling back and removing. */
import { Problem } from '@lazaret/protocol';
import { sql, type Kysely, type Transaction } from 'kysely';

import { transaction, type Database } from '../floor/db/index.ts';
import { appendEvents } from '../floor/events/index.ts';
import { lockEngine, noEngine, readRevision, type EngineRow, type EngineSource } from './store.ts';

interface Change {
  readonly name: string;
  readonly actor: string;
}

/** Enables or disables; returns whether that changed anything. */
export function setEnabled(
  database: Kysely<Database>,
  { name, actor, enabled }: Change & { readonly enabled: boolean },
): Promise<boolean> {
  return transaction(database, async (open) => {
    const engine = await lockPresent(open, name);
    if (engine.enabled === enabled) return false;
    await open
      .updateTable('engines')
      .set({ enabled, updated_at: sql`now()` })
      .where('name', '=', name)
      .execute();
    await appendEvents(open, [{ type: 'engine.changed', subject: name, actor, data: { enabled } }]);
    return true;
  });
}

/** Makes an earlier revision current; the previous one unless given. */
export function rollBack(
  database: Kysely<Database>,
  { name, actor, revision }: Change & { readonly revision: number | undefined },
): Promise<void> {
  return transaction(database, async (open) => {
    const engine = await lockPresent(open, name);
    const wanted = revision ?? (await revisionBefore(open, engine));
    const target = await readRevision(open, name, wanted);
    if (target === undefined) throw new Problem('not_found', `${name} has no revision ${wanted}`);
    if (wanted === engine.revision) {
      throw new Problem('conflict', `revision ${wanted} of ${name} is already the current one`);
    }
    const problem = target.image === null ? `waits for the image ${target.manifest.image}` : null;
    await open
      .updateTable('engines')
      .set({ revision: wanted, problem, updated_at: sql`now()` })
      .where('name', '=', name)
      .execute();
    const data = { revision: wanted, from: engine.revision };
    await appendEvents(open, [{ type: 'engine.changed', subject: name, actor, data }]);
  });
}

async function revisionBefore(open: Transaction<Database>, engine: EngineRow): Promise<number> {
  const row = await open
    .selectFrom('engine_revisions')
    .select('revision')
    .where('engine', '=', engine.name)
    .where('revision', '<', engine.revision)
    .orderBy('revision', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row !== undefined) return row.revision;
  const detail = `${engine.name} has no revision before ${engine.revision}, the current one`;
  throw new Problem('conflict', detail);
}

interface Removal extends Change {
  /** The origin of the removal: the API, or the watched directory. */
  readonly source: EngineSource;
  /** The file of the watched directory with the engine. */
  readonly file?: string | undefined;
  readonly findUnfinishedJob?: FindUnfinishedJob | undefined;
}

/** The id of an unfinished job of the engine, from the slice of jobs. */
export type FindUnfinishedJob = (
  transaction: Transaction<Database>,
  engine: string,
) => Promise<string | undefined>;

/** Removes an engine; its revisions and jobs are kept. */
export function removeEngine(
  database: Kysely<Database>,
  { name, actor, source, ...checks }: Removal,
): Promise<void> {
  return transaction(database, async (open) => {
    const engine = await lockPresent(open, name);
    if (source === 'api') await refuseRemoval(open, engine, checks);
    await open
      .updateTable('engines')
      .set({ removed_at: sql`now()`, problem: null, updated_at: sql`now()` })
      .where('name', '=', name)
      .execute();
    await appendEvents(open, [
      { type: 'engine.removed', subject: name, actor, data: { revision: engine.revision } },
    ]);
  });
}

async function refuseRemoval(
  open: Transaction<Database>,
  engine: EngineRow,
  { file, findUnfinishedJob }: Pick<Removal, 'file' | 'findUnfinishedJob'>,
): Promise<void> {
  if (engine.source === 'directory' && file !== undefined) {
    throw new Problem(
      'conflict',
      `the engine ${engine.name} comes from the file ${file} in the watched directory; remove that, or disable the engine`,
    );
  }
  const unfinished = await findUnfinishedJob?.(open, engine.name);
  if (unfinished === undefined) return;
  throw new Problem(
    'conflict',
    `${engine.name} has jobs that are not finished, such as ${unfinished}; disable it and wait, or cancel them`,
  );
}

async function lockPresent(open: Transaction<Database>, name: string): Promise<EngineRow> {
  const engine = await lockEngine(open, name);
  if (engine === undefined || engine.removed) throw noEngine(name);
  return engine;
}
