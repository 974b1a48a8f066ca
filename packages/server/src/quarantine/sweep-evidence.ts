/**
 * Deletes the bytes of evidence that was given up, unless another item or an artifact has the same
 * content. Bytes that were stored again a short time ago stay until later: the rows of their upload
 * may not be written yet.
 */
import { sql, type Kysely } from 'kysely';

import { isArtifactContent } from '../artifacts/index.ts';
import type { BlobStore } from '../blobs/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { actionLimits } from './limits.ts';

export interface SweepParts {
  readonly database: Kysely<Database>;
  readonly blobs: BlobStore;
  readonly now: () => number;
  /** Instead of the default. */
  readonly graceMs?: number;
}

/** Answers how many contents were deleted. */
export async function sweepEvidence(parts: SweepParts): Promise<number> {
  const { database } = parts;
  const { rows } = await sql<{ item: string; digest: string; sha256: string | null }>`
    select c.item, c.digest, c.sha256 from quarantine_contents c
    join quarantine_items i on i.id = c.item
    where c.deleted_at is null and i.state in ('failed', 'purged')
    limit ${actionLimits.sweptAtOnce}`.execute(database);
  let deleted = 0;
  for (const row of rows) {
    if (row.sha256 !== null && !(await giveUp(row.sha256, parts))) continue;
    await database
      .updateTable('quarantine_contents')
      .set({ deleted_at: sql<Date>`now()` })
      .where('item', '=', row.item)
      .where('digest', '=', row.digest)
      .execute();
    deleted += 1;
  }
  return deleted;
}

/** Whether the row is done with: the bytes are gone, or belong to others too. */
async function giveUp(sha256: string, parts: SweepParts): Promise<boolean> {
  const { database, blobs, now, graceMs = actionLimits.sweepGraceMs } = parts;
  if (await isUsed(database, sha256)) return true;
  const unmodifiedSince = new Date(now() - graceMs);
  if (await blobs.delete(sha256, { unmodifiedSince })) return true;
  return !(await blobs.has(sha256));
}

async function isUsed(database: Kysely<Database>, sha256: string): Promise<boolean> {
  // Also rows that reserve the digest and whose bytes are being stored.
  const { rows } = await sql<{ used: boolean }>`
    select exists(select from quarantine_contents c join quarantine_items i on i.id = c.item
      where c.deleted_at is null and i.state not in ('failed', 'purged')
        and (c.sha256 = ${sha256} or c.digest = ${`sha256:${sha256}`})) as used`.execute(database);
  return rows[0]?.used === true || isArtifactContent(database, sha256);
}
