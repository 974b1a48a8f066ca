/**
 * Evidence: the bytes of every manifest and blob of a quarantined image in the blob store. Rows
 * reserve their space before anything is stored; what was stored is read again and verified before
 * anything is removed from a registry.
 */
import { createHash } from 'node:crypto';

import { parseDigest } from '@lazaret/oci';
import { readBlob, type RegistryClient } from '@lazaret/oci/registry';
import { Problem } from '@lazaret/protocol';
import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';

import type { BlobStore } from '../blobs/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { ActionError } from './action-problem.ts';
import type { ActionLease } from './action-lease.ts';
import type { RemovalPlan } from './plan-removal.ts';
import type { Closure } from './read-closure.ts';

export type ContentRow = Selectable<Database['quarantine_contents']>;

export interface Space {
  readonly usedBytes: number;
  readonly limitBytes: number;
}

/** Content of several items counts once; what was given up counts no longer. */
export async function readUsedBytes(
  database: Kysely<Database> | Transaction<Database>,
): Promise<number> {
  const { rows } = await sql<{ bytes: number }>`
    select coalesce(sum(size_bytes), 0)::bigint as bytes from (
      select distinct on (c.digest) c.digest, c.size_bytes from quarantine_contents c
      join quarantine_items i on i.id = c.item
      where c.deleted_at is null and i.state not in ('failed', 'purged')
      order by c.digest) as contents`.execute(database);
  return rows[0]?.bytes ?? 0;
}

/** The bytes of these digests that no item has. */
export async function readNeededBytes(
  database: Kysely<Database>,
  contents: readonly { readonly digest: string; readonly sizeBytes: number }[],
): Promise<number> {
  const digests = contents.map(({ digest }) => digest);
  const { rows } = await sql<{ digest: string }>`
    select distinct c.digest from quarantine_contents c
    join quarantine_items i on i.id = c.item
    where c.deleted_at is null and i.state not in ('failed', 'purged')
      and c.digest = any(${digests}::text[])`.execute(database);
  const known = new Set(rows.map(({ digest }) => digest));
  return contents.reduce(
    (sum, { digest, sizeBytes }) => sum + (known.has(digest) ? 0 : sizeBytes),
    0,
  );
}

/** Every manifest and blob with its size, in the order of a release. */
export function listContents({ blobs }: Pick<Closure, 'blobs'>, { manifests }: RemovalPlan) {
  const rows = [
    ...blobs.map(({ digest, role, mediaType, sizeBytes }) => ({
      ...{ digest, role, kind: 'blob', mediaType, sizeBytes, tags: [] as string[], removes: false },
    })),
    ...manifests.map(({ digest, role, document, bytes, tags, removes }) => ({
      ...{ digest, role, kind: 'manifest', mediaType: document.mediaType },
      ...{ sizeBytes: bytes.length, tags: [...tags], removes },
    })),
  ];
  return rows.map((row, position) => ({ ...row, position }));
}

/**
 * Writes the rows of an item, which reserve the space. What an earlier run stored stays. Throws
 * `quarantine_full`.
 */
export async function reserveEvidence(
  trx: Transaction<Database>,
  item: string,
  { contents, limitBytes }: { contents: ReturnType<typeof listContents>; limitBytes: number },
): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('space of the quarantine', 0))`.execute(
    trx,
  );
  const digests = contents.map(({ digest }) => digest);
  await trx
    .deleteFrom('quarantine_contents')
    .where('item', '=', item)
    .where(sql<boolean>`not (digest = any(${digests}::text[]))`)
    .where('sha256', 'is', null)
    .execute();
  for (const one of contents) {
    const values = {
      ...{ item, position: one.position, kind: one.kind, role: one.role, tags: one.tags },
      ...{ media_type: one.mediaType, size_bytes: one.sizeBytes, removes: one.removes },
    };
    await trx
      .insertInto('quarantine_contents')
      .values({ ...values, digest: one.digest })
      .onConflict((conflict) => conflict.columns(['item', 'digest']).doUpdateSet(values))
      .execute();
  }
  const usedBytes = await readUsedBytes(trx);
  if (usedBytes > limitBytes) throw fullProblem(usedBytes - limitBytes, limitBytes);
}

export function fullProblem(excessBytes: number, limitBytes: number): Problem {
  const missing = `${excessBytes} bytes are missing of the ${limitBytes} that it may use`;
  return new Problem(
    'quarantine_full',
    `the evidence does not fit into the quarantine: ${missing}`,
  );
}

export async function readContents(
  database: Kysely<Database> | Transaction<Database>,
  item: string,
): Promise<ContentRow[]> {
  return database
    .selectFrom('quarantine_contents')
    .selectAll()
    .where('item', '=', item)
    .orderBy('position')
    .execute();
}

export interface StoreParts {
  readonly blobs: BlobStore;
  readonly client: RegistryClient;
  readonly lease: ActionLease;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** Stores what is not stored yet; the bytes of manifests were read with the closure. */
export async function storeEvidence(
  item: { readonly id: string; readonly repository: string },
  contents: readonly ContentRow[],
  parts: StoreParts & { readonly manifests: ReadonlyMap<string, Buffer> },
): Promise<void> {
  for (const row of contents) {
    parts.signal.throwIfAborted();
    if (row.sha256 !== null && (await parts.blobs.has(row.sha256))) continue;
    const bytes = row.kind === 'manifest' ? parts.manifests.get(row.digest) : undefined;
    const source =
      bytes === undefined ? await openContent(item.repository, row, parts) : inOneChunk(bytes);
    const parsed = parseDigest(row.digest);
    const hash = createHash(parsed?.algorithm ?? 'sha256');
    const { sha256 } = await parts.blobs.put(hashed(source, hash), {
      maxBytes: row.size_bytes,
      ...(parsed?.algorithm === 'sha256' && { expectedSha256: parsed.encoded }),
    });
    if (hash.digest('hex') !== parsed?.encoded) {
      throw new ActionError(
        'digest_mismatch',
        `${row.digest} of ${item.repository} has other bytes`,
      );
    }
    await parts.lease.write(async (trx) => {
      await trx
        .updateTable('quarantine_contents')
        .set({ sha256, verified_at: null, deleted_at: null })
        .where('item', '=', item.id)
        .where('digest', '=', row.digest)
        .execute();
    });
  }
}

function openContent(repository: string, row: ContentRow, { client, now, signal }: StoreParts) {
  const { digest, size_bytes: sizeBytes } = row;
  return readBlob(client, { repository, digest, sizeBytes, signal }, { now });
}

async function* inOneChunk(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function* hashed(
  source: AsyncIterable<Uint8Array>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    hash.update(chunk);
    yield chunk;
  }
}

/** Reads everything from the store again. Throws unless all of it is there and intact. */
export async function verifyEvidence(
  item: string,
  contents: readonly ContentRow[],
  { blobs, lease, signal }: Pick<StoreParts, 'blobs' | 'lease' | 'signal'>,
): Promise<void> {
  for (const row of contents) {
    signal.throwIfAborted();
    if (row.sha256 === null) throw new ActionError('evidence', `${row.digest} is not stored`);
    await blobs.verify(row.sha256);
    const stat = await blobs.stat(row.sha256);
    if (stat?.sizeBytes !== row.size_bytes) {
      throw new ActionError('evidence', `${row.digest} is stored with another size`);
    }
  }
  await lease.write(async (trx) => {
    await trx
      .updateTable('quarantine_contents')
      .set({ verified_at: sql<Date>`now()` })
      .where('item', '=', item)
      .execute();
  });
}
