/** Bulk inserts: one statement for thousands of rows, with an array per column. */
import type { FileRow, InspectionReport } from '@lazaret/protocol';
import { severityOrder } from '@lazaret/analysis';
import { sql, type Kysely, type Transaction } from 'kysely';

import { transaction } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { insertNames, lastComponent } from './insert-names.ts';
import { inspectionLimits } from './limits.ts';
import type { LayerPlan, LayerRow } from './plan-layers.ts';
import { packStorable, storable } from '../floor/storable.ts';

/** Returns the id of the layer; that of an equal one if it exists. */
export async function insertLayer(database: Kysely<Database>, plan: LayerPlan): Promise<number> {
  const { diffId: diff_id, content, rows } = plan;
  await insertFileNames(database, plan);
  return transaction(database, async (trx) => {
    const made = await trx
      .insertInto('layers')
      .values({ diff_id, content, files: rows.length })
      .onConflict((conflict) => conflict.columns(['diff_id', 'content']).doNothing())
      .returning('id')
      .executeTakeFirst();
    if (made === undefined) {
      // Treated as new: it is about to be used by an image.
      const known = await trx
        .updateTable('layers')
        .set({ created_at: sql<Date>`now()` })
        .where('diff_id', '=', diff_id)
        .where('content', '=', content)
        .returning('id')
        .executeTakeFirstOrThrow();
      return known.id;
    }
    for (const part of parts(rows)) await insertFiles(trx, made.id, part);
    return made.id;
  });
}

/** Before the layer, which is searched by them: names without files are harmless. */
async function insertFileNames(
  database: Kysely<Database>,
  { diffId, content, rows }: LayerPlan,
): Promise<void> {
  const known = await database
    .selectFrom('layers')
    .select('id')
    .where('diff_id', '=', diffId)
    .where('content', '=', content)
    .executeTakeFirst();
  if (known !== undefined) return;
  const named = rows.filter(({ isImplied }) => !isImplied);
  await insertNames(
    database,
    'file_names',
    named.map(({ file }) => lastComponent(file.path)),
  );
}

function* parts<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < rows.length; at += inspectionLimits.imageRowsPerInsert) {
    yield rows.slice(at, at + inspectionLimits.imageRowsPerInsert);
  }
}

async function insertFiles(
  trx: Transaction<Database>,
  layer: number,
  rows: readonly LayerRow[],
): Promise<void> {
  const column = <T>(read: (file: FileRow, row: LayerRow) => T): T[] =>
    rows.map((row) => read(row.file, row));
  await sql`
    insert into layer_files (layer, number, parent, path, type, implied, has_children, mode, uid,
      gid, size_bytes, mtime_ms, link_path, kind, sha256, sha1, md5, extra)
    select ${layer}::bigint, f.*
    from unnest(
      ${column((_, { number }) => number)}::integer[],
      ${column((_, { parent }) => parent)}::integer[],
      ${column(({ path }) => storable(path))}::text[],
      ${column(({ type }) => type)}::text[],
      ${column((_, { isImplied }) => isImplied)}::boolean[],
      ${column((_, { hasChildren }) => hasChildren)}::boolean[],
      ${column(({ mode }) => mode)}::integer[],
      ${column(({ uid }) => whole(uid))}::bigint[],
      ${column(({ gid }) => whole(gid))}::bigint[],
      ${column(({ sizeBytes }) => whole(sizeBytes))}::bigint[],
      ${column(({ mtimeMs }) => mtimeMs)}::double precision[],
      ${column(({ linkPath }) => textOf(linkPath))}::text[],
      ${column(({ kind }) => textOf(kind))}::text[],
      ${column(({ sha256 }) => bytesOf(sha256))}::bytea[],
      ${column(({ sha1 }) => bytesOf(sha1))}::bytea[],
      ${column(({ md5 }) => bytesOf(md5))}::bytea[],
      ${column(extraOf)}::jsonb[]
    ) as f
  `.execute(trx);
}

/** Numbers from untrusted headers may be larger than a column. */
function whole(value: number): number {
  return Math.min(Math.max(Math.trunc(value), Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}

function textOf(text: string | undefined): string | null {
  return text === undefined ? null : storable(text);
}

function bytesOf(hex: string | undefined): Buffer | null {
  return hex === undefined ? null : Buffer.from(hex, 'hex');
}

function extraOf({ rawPath, device, capabilities, similarity }: FileRow): string | null {
  const extra = { rawPath, device, capabilities, similarity };
  return Object.values(extra).every((value) => value === undefined) ? null : packStorable(extra);
}

export interface ImageRows {
  readonly image: number;
  readonly layers: readonly { readonly position: number; readonly layer: number }[];
  readonly plans: readonly LayerPlan[];
  readonly report: InspectionReport;
}

/** Rows of one image only. */
export async function insertRows(trx: Transaction<Database>, rows: ImageRows): Promise<void> {
  const { image, layers, plans, report } = rows;
  for (const part of parts(layers)) {
    await trx
      .insertInto('image_layers')
      .values(part.map((layer) => ({ image, ...layer })))
      .execute();
  }
  for (const { position, hidden } of plans) {
    for (const part of parts(hidden)) {
      await sql`
        insert into image_hidden (image, position, number, hidden_by)
        select ${image}::bigint, ${position}::integer, h.*
        from unnest(
          ${part.map(({ number }) => number)}::integer[],
          ${part.map(({ hiddenBy }) => hiddenBy)}::integer[]
        ) as h
      `.execute(trx);
    }
  }
  await insertPackages(trx, image, report);
  await insertFindings(trx, image, report);
}

async function insertPackages(
  trx: Transaction<Database>,
  image: number,
  { packages }: InspectionReport,
): Promise<void> {
  const inOrder = packages
    .toSorted((a, b) => compare(a.name, b.name) || compare(a.purl, b.purl))
    .map((fact, number) => ({ fact, number }));
  for (const part of parts(inOrder)) {
    await sql`
      insert into image_packages (image, number, type, name, purl, hidden, fact)
      select ${image}::bigint, p.*
      from unnest(
        ${part.map(({ number }) => number)}::integer[],
        ${part.map(({ fact }) => fact.type)}::text[],
        ${part.map(({ fact }) => storable(fact.name))}::text[],
        ${part.map(({ fact }) => storable(fact.purl))}::text[],
        ${part.map(({ fact }) => fact.hiddenBy !== undefined)}::boolean[],
        ${part.map(({ fact }) => packStorable(fact))}::jsonb[]
      ) as p
    `.execute(trx);
  }
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

async function insertFindings(
  trx: Transaction<Database>,
  image: number,
  { findings }: InspectionReport,
): Promise<void> {
  const inOrder = findings
    .toSorted((a, b) => severityOrder.indexOf(a.severity) - severityOrder.indexOf(b.severity))
    .map((finding, number) => ({ finding, number }));
  for (const part of parts(inOrder)) {
    await sql`
      insert into image_findings (image, number, severity, class, scanner, rule, finding)
      select ${image}::bigint, f.*
      from unnest(
        ${part.map(({ number }) => number)}::integer[],
        ${part.map(({ finding }) => finding.severity)}::text[],
        ${part.map(({ finding }) => finding.class)}::text[],
        ${part.map(({ finding }) => storable(finding.scanner))}::text[],
        ${part.map(({ finding }) => storable(finding.rule))}::text[],
        ${part.map(({ finding }) => packStorable(finding))}::jsonb[]
      ) as f
    `.execute(trx);
  }
}
