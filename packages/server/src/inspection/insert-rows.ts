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

/**
 * Returns the ids of the layers; those of equal ones if they exist. Two are written at a time: one
 * is prepared while the database indexes the other.
 */
export async function insertLayers(
  database: Kysely<Database>,
  plans: readonly LayerPlan[],
): Promise<{ readonly position: number; readonly layer: number }[]> {
  const layers: { readonly position: number; readonly layer: number }[] = [];
  const waiting = plans.values();
  const work = async (): Promise<void> => {
    for (const plan of waiting) {
      layers.push({ position: plan.position, layer: await insertLayer(database, plan) });
    }
  };
  await Promise.all(Array.from({ length: inspectionLimits.layersAtOnce }, work));
  return layers.toSorted((a, b) => a.position - b.position);
}

async function insertLayer(database: Kysely<Database>, plan: LayerPlan): Promise<number> {
  const known = await touchLayer(database, plan);
  if (known !== undefined) return known;
  const { diffId: diff_id, content, rows } = plan;
  // Before the layer, which is searched by them: names without files are harmless.
  const named = rows.filter(({ isImplied }) => !isImplied);
  await insertNames(
    database,
    'file_names',
    named.map(({ file }) => lastComponent(file.path)),
  );
  return transaction(database, async (trx) => {
    const made = await trx
      .insertInto('layers')
      .values({ diff_id, content, files: rows.length })
      .onConflict((conflict) => conflict.columns(['diff_id', 'content']).doNothing())
      .returning('id')
      .executeTakeFirst();
    if (made === undefined) {
      const meanwhile = await touchLayer(trx, plan);
      if (meanwhile !== undefined) return meanwhile;
      throw new Error('a layer was removed while an equal one was being stored');
    }
    for (const part of parts(rows)) await insertFiles(trx, made.id, part);
    return made.id;
  });
}

/** A layer that exists is treated as new: it is about to be used by an image. */
async function touchLayer(
  database: Kysely<Database> | Transaction<Database>,
  { diffId, content }: LayerPlan,
): Promise<number | undefined> {
  const known = await database
    .updateTable('layers')
    .set({ created_at: sql<Date>`now()` })
    .where('diff_id', '=', diffId)
    .where('content', '=', content)
    .returning('id')
    .executeTakeFirst();
  return known?.id;
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
  const plain = (read: (file: FileRow, row: LayerRow) => Plain): string =>
    arrayOf(rows.map((row) => read(row.file, row)));
  const texts = (read: (file: FileRow) => string | null): (string | null)[] =>
    rows.map(({ file }) => read(file));
  await sql`
    insert into layer_files (layer, number, parent, path, type, implied, has_children, mode, uid,
      gid, size_bytes, mtime_ms, link_path, kind, sha256, sha1, md5, extra)
    select ${layer}::bigint, f.*
    from unnest(
      ${plain((_, { number }) => number)}::integer[],
      ${plain((_, { parent }) => parent)}::integer[],
      ${texts(({ path }) => storable(path))}::text[],
      ${texts(({ type }) => type)}::text[],
      ${plain((_, { isImplied }) => isImplied)}::boolean[],
      ${plain((_, { hasChildren }) => hasChildren)}::boolean[],
      ${plain(({ mode }) => mode)}::integer[],
      ${plain(({ uid }) => whole(uid))}::bigint[],
      ${plain(({ gid }) => whole(gid))}::bigint[],
      ${plain(({ sizeBytes }) => whole(sizeBytes))}::bigint[],
      ${plain(({ mtimeMs }) => mtimeMs)}::double precision[],
      ${texts(({ linkPath }) => textOf(linkPath))}::text[],
      ${texts(({ kind }) => textOf(kind))}::text[],
      ${arrayOf(rows.map(({ file: { sha256 } }) => bytesOf(sha256)))}::bytea[],
      ${arrayOf(rows.map(({ file: { sha1 } }) => bytesOf(sha1)))}::bytea[],
      ${arrayOf(rows.map(({ file: { md5 } }) => bytesOf(md5)))}::bytea[],
      ${texts(extraOf)}::jsonb[]
    ) as f
  `.execute(trx);
}

type Plain = number | boolean;

/** An array of values that need no quotes; the driver would quote and escape each. */
function arrayOf(values: readonly (Plain | Bytes | null)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`;
}

/** Numbers from untrusted headers may be larger than a column. */
function whole(value: number): number {
  return Math.min(Math.max(Math.trunc(value), Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}

function textOf(text: string | undefined): string | null {
  return text === undefined ? null : storable(text);
}

type Bytes = `"\\\\x${string}"`;

/** An element of an array of bytes; throws if it is not a digest in hexadecimal. */
function bytesOf(hex: string | undefined): Bytes | null {
  if (hex === undefined) return null;
  if (!/^[0-9a-f]+$/.test(hex)) throw new TypeError(`"${hex}" is not a digest`);
  return `"\\\\x${hex}"`;
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
