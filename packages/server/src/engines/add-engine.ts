/** Adds an engine: a new one, a new revision, or no change if nothing differs. */
import { createHash } from 'node:crypto';

import {
  canonicalJson,
  limits,
  Problem,
  type EngineManifest,
  type ImagePin,
} from '@lazaret/protocol';
import type { Kysely, Transaction } from 'kysely';
import { sql } from 'kysely';

import { transaction, type Database } from '../floor/db/index.ts';
import { appendEvents } from '../floor/events/index.ts';
import {
  countEngines,
  insertRevision,
  lockEngine,
  pinRevision,
  readRevision,
  type EngineRow,
  type EngineSource,
  type NewRevision,
  type Revision,
} from './store.ts';

export interface Addition {
  readonly manifest: EngineManifest;
  /** Null while no node has the image; engines of the directory wait for it. */
  readonly image: ImagePin | null;
  readonly source: EngineSource;
  readonly actor: string;
  /** Only if this revision is still the newest. */
  readonly ifNewest?: number;
}

/** Returns the current revision, and whether anything was written. */
export async function addEngine(
  database: Kysely<Database>,
  addition: Addition,
): Promise<{ revision: number; changed: boolean }> {
  const { manifest, image, source, actor } = addition;
  const hash = createHash('sha256').update(canonicalJson(manifest)).digest('hex');
  const next = { manifest, hash, image, actor };
  return transaction(database, async (open) => {
    // Two concurrent additions of one new name must not both find nothing.
    await sql`select pg_advisory_xact_lock(hashtextextended(${`engine:${manifest.name}`}, 0))`.execute(
      open,
    );
    const engine = await lockEngine(open, manifest.name);
    if (engine === undefined) return createEngine(open, next, source);
    if (engine.removed) return revive(open, next, source);
    if (engine.source !== source) throw sourceConflict(engine);
    return changeEngine(open, engine, { next, ifNewest: addition.ifNewest });
  });
}

function sourceConflict({ name, source }: EngineRow): Problem {
  const detail =
    source === 'directory'
      ? `the engine ${name} comes from a file in the watched directory; change it there`
      : `the engine ${name} was added over the API; remove it there first, or rename this one`;
  return new Problem('conflict', detail);
}

const waitingForImage = (image: string): string => `waits for the image ${image}`;

async function createEngine(
  open: Transaction<Database>,
  next: NewRevision,
  source: EngineSource,
): Promise<{ revision: number; changed: boolean }> {
  if ((await countEngines(open)) >= limits.engines) {
    throw new Problem('conflict', `expected at most ${limits.engines} engines; remove one first`);
  }
  const { name } = next.manifest;
  const problem = next.image === null ? waitingForImage(next.manifest.image) : null;
  await open.insertInto('engines').values({ name, source, revision: 1, problem }).execute();
  const revision = await insertRevision(open, name, next);
  await notifyAdded(open, next, { revision, source });
  return { revision, changed: true };
}

/** A removed engine is added again with its name, and its revision numbers continue. */
async function revive(
  open: Transaction<Database>,
  next: NewRevision,
  source: EngineSource,
): Promise<{ revision: number; changed: boolean }> {
  const { name } = next.manifest;
  const revision = await insertRevision(open, name, next);
  await open
    .updateTable('engines')
    .set({ source, enabled: true, removed_at: null })
    .where('name', '=', name)
    .execute();
  await makeCurrent(open, next, revision);
  await notifyAdded(open, next, { revision, source });
  return { revision, changed: true };
}

interface Proposal {
  readonly next: NewRevision;
  readonly ifNewest: number | undefined;
}

async function changeEngine(
  open: Transaction<Database>,
  engine: EngineRow,
  { next, ifNewest }: Proposal,
): Promise<{ revision: number; changed: boolean }> {
  const newest = await readRevision(open, engine.name);
  const unchanged = { revision: engine.revision, changed: false };
  if (ifNewest !== undefined && newest?.revision !== ifNewest) return unchanged;
  if (newest !== undefined && newest.hash === next.hash) {
    const { image } = newest;
    if (image === null && next.image !== null) return pinNewest(open, engine, { newest, next });
    if (next.image === null || image?.digest === next.image.digest) {
      // An unchanged file must not undo a rollback; adding it again over the API does.
      if (engine.source === 'directory' || engine.revision === newest.revision) return unchanged;
      return takeNewest(open, newest, next);
    }
  }
  const revision = await insertRevision(open, engine.name, next);
  await makeCurrent(open, next, revision);
  await notifyAdded(open, next, { revision, source: engine.source });
  return { revision, changed: true };
}

/** The newest revision waited for its image, which is now available. */
async function pinNewest(
  open: Transaction<Database>,
  engine: EngineRow,
  { newest, next }: { readonly newest: Revision; readonly next: NewRevision },
): Promise<{ revision: number; changed: boolean }> {
  const { revision } = newest;
  const { image, actor } = next;
  if (image === null) throw new Error('there is no image to pin');
  await pinRevision(open, engine.name, { revision, image });
  if (engine.revision === revision) await makeCurrent(open, next, revision);
  await notifyChanged(open, engine.name, { actor, revision, pinned: image.digest });
  return { revision: engine.revision, changed: true };
}

/** The added manifest is the newest revision, which a rollback had replaced. */
async function takeNewest(
  open: Transaction<Database>,
  { revision }: Revision,
  next: NewRevision,
): Promise<{ revision: number; changed: boolean }> {
  await makeCurrent(open, next, revision);
  await notifyChanged(open, next.manifest.name, { actor: next.actor, revision });
  return { revision, changed: true };
}

async function makeCurrent(
  open: Transaction<Database>,
  { manifest, image }: NewRevision,
  revision: number,
): Promise<void> {
  const problem = image === null ? waitingForImage(manifest.image) : null;
  await open
    .updateTable('engines')
    .set({ revision, problem, updated_at: sql`now()` })
    .where('name', '=', manifest.name)
    .execute();
}

async function notifyAdded(
  open: Transaction<Database>,
  { manifest, image, actor }: NewRevision,
  { revision, source }: { readonly revision: number; readonly source: EngineSource },
): Promise<void> {
  const { name, version } = manifest;
  const data = { revision, source, version, image: manifest.image, digest: image?.digest ?? null };
  await appendEvents(open, [{ type: 'engine.added', subject: name, actor, data }]);
}

async function notifyChanged(
  open: Transaction<Database>,
  name: string,
  {
    actor,
    ...data
  }: { readonly actor: string; readonly revision: number; readonly pinned?: string },
): Promise<void> {
  await appendEvents(open, [{ type: 'engine.changed', subject: name, actor, data }]);
}
