/** Engines and their revisions in SQL. A revision never changes once its image is pinned. */
import {
  limits,
  Problem,
  type Engine,
  type EngineDetail,
  type EngineManifest,
  type ImagePin,
} from '@lazaret/protocol';
import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';

import type { Database } from '../floor/db/index.ts';
import { engineLimits } from './limits.ts';

export type Connection = Kysely<Database> | Transaction<Database>;
export type EngineSource = 'directory' | 'api';

export interface EngineRow {
  readonly name: string;
  readonly enabled: boolean;
  readonly source: EngineSource;
  /** The current revision. */
  readonly revision: number;
  readonly problem: string | null;
  readonly removed: boolean;
}

export interface Revision {
  readonly revision: number;
  readonly manifest: EngineManifest;
  readonly hash: string;
  readonly image: ImagePin | null;
}

/** Locks the engine's row for the rest of the transaction. */
export async function lockEngine(
  open: Transaction<Database>,
  name: string,
): Promise<EngineRow | undefined> {
  const row = await open
    .selectFrom('engines')
    .selectAll()
    .where('name', '=', name)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { enabled, source, revision, problem, removed_at } = row;
  const removed = removed_at !== null;
  return { name, enabled, source: source as EngineSource, revision, problem, removed };
}

/** One revision; the newest unless given. */
export async function readRevision(
  database: Connection,
  engine: string,
  revision?: number,
): Promise<Revision | undefined> {
  let query = database.selectFrom('engine_revisions').selectAll().where('engine', '=', engine);
  if (revision !== undefined) query = query.where('revision', '=', revision);
  const row = await query.orderBy('revision', 'desc').limit(1).executeTakeFirst();
  if (row === undefined) return undefined;
  const { manifest, manifest_hash: hash } = row;
  return { revision: row.revision, manifest, hash, image: toPin(row) };
}

type PinColumns = Pick<
  Selectable<Database['engine_revisions']>,
  'image_reference' | 'image_digest' | 'image_kind'
>;

function toPin(row: PinColumns): ImagePin | null {
  if (row.image_digest === null || row.image_kind === null) return null;
  const kind = row.image_kind as ImagePin['kind'];
  return { reference: row.image_reference, digest: row.image_digest, kind };
}

export interface NewRevision {
  readonly manifest: EngineManifest;
  readonly hash: string;
  readonly image: ImagePin | null;
  readonly actor: string;
}

/** Writes the next revision and removes the oldest unreferenced one. */
export async function insertRevision(
  open: Transaction<Database>,
  engine: string,
  { manifest, hash, image, actor }: NewRevision,
): Promise<number> {
  const newest = await readRevision(open, engine);
  const revision = (newest?.revision ?? 0) + 1;
  await open
    .insertInto('engine_revisions')
    .values({
      engine,
      revision,
      manifest: JSON.stringify(manifest),
      manifest_hash: hash,
      image_reference: manifest.image,
      image_digest: image?.digest ?? null,
      image_kind: image?.kind ?? null,
      created_by: actor,
    })
    .execute();
  if (revision > engineLimits.versionsKept) await dropOldRevisions(open, engine, revision);
  return revision;
}

async function dropOldRevisions(
  open: Transaction<Database>,
  engine: string,
  newest: number,
): Promise<void> {
  const oldest = newest - engineLimits.versionsKept;
  await sql`
    delete from engine_revisions as old where engine = ${engine} and revision <= ${oldest}
      and not exists (select from engines
                      where name = old.engine and engines.revision = old.revision)
      and not exists (select from jobs
                      where engine = old.engine and engine_revision = old.revision)
  `.execute(open);
}

/** Fills in the image of a revision that waited for it. */
export async function pinRevision(
  open: Transaction<Database>,
  engine: string,
  { revision, image }: { readonly revision: number; readonly image: ImagePin },
): Promise<void> {
  await open
    .updateTable('engine_revisions')
    .set({ image_digest: image.digest, image_kind: image.kind })
    .where('engine', '=', engine)
    .where('revision', '=', revision)
    .where('image_digest', 'is', null)
    .execute();
}

export async function countEngines(database: Connection): Promise<number> {
  const row = await database
    .selectFrom('engines')
    .select(({ fn }) => fn.countAll<number>().as('engines'))
    .where('removed_at', 'is', null)
    .executeTakeFirstOrThrow();
  return row.engines;
}

/** Names of the engines of the watched directory that are not removed. */
export async function listDirectoryEngines(database: Connection): Promise<string[]> {
  const rows = await database
    .selectFrom('engines')
    .select('name')
    .where('source', '=', 'directory')
    .where('removed_at', 'is', null)
    .orderBy('name')
    .limit(limits.engines)
    .execute();
  return rows.map((row) => row.name);
}

export interface EnginePin {
  readonly name: string;
  readonly reference: string;
  readonly pinned: boolean;
}

/** The newest revision of each engine of the directory, and whether it has its image. */
export async function listPins(database: Connection): Promise<EnginePin[]> {
  const { rows } = await sql<EnginePin>`
    select distinct on (engines.name) engines.name, revisions.image_reference as reference,
           revisions.image_digest is not null as pinned
    from engines join engine_revisions as revisions on revisions.engine = engines.name
    where engines.source = 'directory' and engines.removed_at is null
    order by engines.name, revisions.revision desc
    limit ${limits.engines}`.execute(database);
  return rows;
}

const engineColumns = [
  'engines.name',
  'engines.enabled',
  'engines.revision',
  'engines.source',
  'engines.problem',
  'engines.created_at',
  'engines.updated_at',
  'revision.manifest',
  'revision.image_reference',
  'revision.image_digest',
  'revision.image_kind',
] as const;

function selectEngines(database: Connection) {
  return database
    .selectFrom('engines')
    .innerJoin('engine_revisions as revision', (join) =>
      join
        .onRef('revision.engine', '=', 'engines.name')
        .onRef('revision.revision', '=', 'engines.revision'),
    )
    .where('engines.removed_at', 'is', null)
    .select(engineColumns);
}

type EngineColumns = Awaited<
  ReturnType<ReturnType<typeof selectEngines>['executeTakeFirstOrThrow']>
>;

export interface EngineListQuery {
  readonly limit: number;
  /** The last name of the previous page. */
  readonly after: string | undefined;
  readonly enabled: boolean | undefined;
}

/** A page of engines by name. */
export async function listEngines(
  database: Connection,
  { limit, after, enabled }: EngineListQuery,
): Promise<{ items: Engine[]; next: string | null }> {
  let query = selectEngines(database);
  if (after !== undefined) query = query.where('engines.name', '>', after);
  if (enabled !== undefined) query = query.where('engines.enabled', '=', enabled);
  const rows = await query
    .orderBy('engines.name')
    .limit(limit + 1)
    .execute();
  const items = rows.slice(0, limit).map(toEngine);
  return { items, next: rows.length > limit ? (items.at(-1)?.name ?? null) : null };
}

function toEngine(row: EngineColumns): Engine {
  const { name, enabled, revision, problem, manifest } = row;
  return {
    name,
    enabled,
    revision,
    problem,
    description: manifest.description,
    version: manifest.version,
    image: toPin(row),
    source: row.source as EngineSource,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}

/** One engine with its revisions, newest first. Throws `not_found`. */
export async function readEngine(database: Connection, name: string): Promise<EngineDetail> {
  const row = await selectEngines(database).where('engines.name', '=', name).executeTakeFirst();
  if (row === undefined) throw noEngine(name);
  const revisions = await database
    .selectFrom('engine_revisions')
    .selectAll()
    .where('engine', '=', name)
    .orderBy('revision', 'desc')
    .limit(engineLimits.versionsKept)
    .execute();
  return {
    ...toEngine(row),
    manifest: row.manifest,
    revisions: revisions.map((one) => ({
      revision: one.revision,
      version: one.manifest.version,
      image: toPin(one),
      createdAt: one.created_at.toISOString(),
      createdBy: one.created_by,
    })),
  };
}

export function noEngine(name: string): Problem {
  return new Problem(
    'not_found',
    `there is no engine ${name}; \`lazaret engines list\` shows them`,
  );
}

/** Engines that currently cannot run, with the reason. */
export async function listUnusable(
  database: Connection,
  limit: number,
): Promise<{ readonly name: string; readonly problem: string }[]> {
  const rows = await database
    .selectFrom('engines')
    .select(['name', 'problem'])
    .where('removed_at', 'is', null)
    .where('problem', 'is not', null)
    .orderBy('name')
    .limit(limit)
    .execute();
  return rows.map(({ name, problem }) => ({ name, problem: problem ?? '' }));
}
