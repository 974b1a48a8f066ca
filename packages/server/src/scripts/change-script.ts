/** Adding, changing and removing scripts. Results refer to scripts, so that rows are kept. */
import { createHash } from 'node:crypto';
import { arch } from 'node:process';

import {
  limits,
  Problem,
  type ScriptKind,
  type ScriptRequest,
  type ScriptSettings,
} from '@lazaret/protocol';
import { sql, type Kysely, type Transaction } from 'kysely';

import { transaction } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { appendEvents } from '../floor/events/index.ts';
import { newId } from '../floor/ids.ts';
import { checkContent } from './check-content.ts';
import { findStoredScript, noSuchScript, type ScriptSource, type StoredScript } from './store.ts';

export interface GivenScript {
  readonly name: string;
  readonly kind: ScriptKind;
  readonly source: ScriptSource;
  readonly content: Buffer;
  readonly settings: ScriptSettings;
}

/** A script from the API. Throws invalid_request, invalid_script. */
export function readRequest({ name, kind, content, ...settings }: ScriptRequest): GivenScript {
  const bytes = Buffer.from(content, 'base64');
  if (bytes.length > limits.scriptBytes) {
    throw new Problem('invalid_script', `expected at most ${limits.scriptBytes} bytes`);
  }
  return { name, kind, source: 'api', content: bytes, settings };
}

/**
 * Adds a script or replaces the one of the same name and source; false when nothing changed. All
 * stored images are considered again for a new revision, which runs in them once.
 */
export async function putScript(
  database: Kysely<Database>,
  given: GivenScript,
  actor: string,
): Promise<boolean> {
  checkContent(given.kind, given.content, arch);
  const sha256 = createHash('sha256').update(given.content).digest('hex');
  const revision = hashRevision(given, sha256);
  return transaction(database, async (trx) => {
    const existing = await lockScript(trx, given.name);
    if (existing !== undefined && existing.source !== given.source) {
      const detail = `there is a script ${given.name} already, of the source ${existing.source}`;
      throw new Problem('conflict', detail);
    }
    if (existing !== undefined && isSame(existing, given, revision)) return false;
    if (existing === undefined) await checkCount(trx);
    const row = {
      ...{ kind: given.kind, content: given.content, sha256, revision },
      settings: JSON.stringify(given.settings),
      planned_from: everyImage,
      planned_at: sql<Date>`now()`,
      changed_at: sql<Date>`now()`,
    };
    if (existing === undefined) {
      const { name, source } = given;
      const added = { ...row, id: newId(), name, source, created_by: actor };
      await trx.insertInto('scripts').values(added).execute();
    } else {
      await trx.updateTable('scripts').set(row).where('id', '=', existing.id).execute();
      await removeQueued(trx, existing.id);
    }
    const type = existing === undefined ? 'script.added' : 'script.changed';
    const data = { kind: given.kind, source: given.source, sha256 };
    await appendEvents(trx, [{ type, subject: given.name, actor, data }]);
    return true;
  });
}

/** Larger than every id, so that planning begins at the latest image. */
const everyImage = Number.MAX_SAFE_INTEGER;

/** Whatever influences what a run prints, and what selects no images. */
function hashRevision({ kind, settings }: GivenScript, sha256: string): string {
  const { images: _, labels: __, platforms: ___, ...influencing } = settings;
  const text = JSON.stringify([kind, sha256, Object.entries(influencing).toSorted()]);
  return createHash('sha256').update(text).digest('hex');
}

function isSame(existing: StoredScript, { settings }: GivenScript, revision: string): boolean {
  const selection = ({ images, labels, platforms }: ScriptSettings): string =>
    JSON.stringify([images, labels, platforms]);
  return existing.revision === revision && selection(existing.settings) === selection(settings);
}

/** Throws not_found. */
export async function enableScript(
  database: Kysely<Database>,
  change: { readonly name: string; readonly enabled: boolean; readonly actor: string },
): Promise<void> {
  const { name, enabled, actor } = change;
  await transaction(database, async (trx) => {
    const { id, enabled: before } = await needScript(trx, name);
    if (before === enabled) return;
    const set = { enabled, planned_from: everyImage, changed_at: sql<Date>`now()` };
    await trx.updateTable('scripts').set(set).where('id', '=', id).execute();
    if (!enabled) await removeQueued(trx, id);
    await appendEvents(trx, [{ type: 'script.changed', subject: name, actor, data: { enabled } }]);
  });
}

/** Throws not_found, and conflict for a script that a file would add again. */
export async function removeScript(
  database: Kysely<Database>,
  { name, actor, from }: RemovedScript,
): Promise<void> {
  await transaction(database, async (trx) => {
    const { id, source } = await needScript(trx, name);
    if (source !== from) throw new Problem('conflict', conflictOf(name, source));
    await removeQueued(trx, id);
    await trx
      .updateTable('scripts')
      .set({ removed_at: sql<Date>`now()` })
      .where('id', '=', id)
      .execute();
    await appendEvents(trx, [{ type: 'script.removed', subject: name, actor, data: { source } }]);
  });
}

export interface RemovedScript {
  readonly name: string;
  readonly actor: string;
  /** Only a script of this source. */
  readonly from: ScriptSource;
}

function conflictOf(name: string, source: ScriptSource): string {
  const advice =
    source === 'directory'
      ? 'remove its file from the directory of scripts'
      : `disable it with \`lazaret scripts update ${name} --no-enabled\``;
  return `the script ${name} is of the source ${source}: ${advice}`;
}

async function needScript(trx: Transaction<Database>, name: string): Promise<StoredScript> {
  const found = await lockScript(trx, name);
  if (found === undefined) throw noSuchScript(name);
  return found;
}

async function lockScript(
  trx: Transaction<Database>,
  name: string,
): Promise<StoredScript | undefined> {
  // Two that add the same name wait for each other.
  await sql`select pg_advisory_xact_lock(hashtextextended(${`script:${name}`}, 0))`.execute(trx);
  return findStoredScript(trx, name);
}

async function removeQueued(trx: Transaction<Database>, script: string): Promise<void> {
  await trx
    .deleteFrom('script_runs')
    .where('script', '=', script)
    .where('state', '=', 'queued')
    .execute();
}

async function checkCount(trx: Transaction<Database>): Promise<void> {
  const { count } = await trx
    .selectFrom('scripts')
    .select(sql<number>`count(*)`.as('count'))
    .where('removed_at', 'is', null)
    .executeTakeFirstOrThrow();
  if (count < limits.scripts) return;
  throw new Problem('conflict', `there are ${limits.scripts} scripts already; remove some`);
}
