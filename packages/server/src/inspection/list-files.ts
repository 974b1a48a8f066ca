/**
 * One directory of an image: the entries that the container sees, those of one layer, or the
 * hidden ones. The layers are queried by the number of the directory in each of them.
 */
import { limits, Problem, type ImageFile, type Page } from '@lazaret/protocol';
import { sql, type Kysely, type Selectable } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { inspectionLimits } from './limits.ts';
import { invalidCursor } from '../floor/http/index.ts';
import { leadsToHidden } from './plan-layers.ts';
import { toPage, type Paging } from './read-images.ts';

export interface DirectoryQuery extends Paging {
  readonly parent: string;
  readonly view: 'merged' | 'layer' | 'hidden';
  readonly layer: number;
}

interface FileInImage extends Selectable<Database['layer_files']> {
  readonly position: number;
  readonly hidden_by: number | null;
  /** Whether the view has something below it, in any layer. */
  readonly opens: boolean;
  /** A directory that exists in the container, although another layer has its newest entry. */
  readonly remains: boolean;
}

/** Throws not_found when there is no such directory in the view. */
export async function listFiles(
  database: Kysely<Database>,
  image: number,
  ask: DirectoryQuery,
): Promise<Page<ImageFile>> {
  const parent = ask.parent.replace(/^\/+|\/+$/g, '').replaceAll('\0', '');
  const chosen = await findDirectory(database, image, { ...ask, parent });
  // Whether a directory of one layer still exists is decided by the other layers.
  const places =
    ask.view === 'layer'
      ? await findDirectory(database, image, { ...ask, view: 'merged', parent })
      : chosen;
  const after = ask.cursor === undefined ? undefined : readCursor(ask.cursor);
  const layers = places.map(({ layer }) => layer);
  const numbers = places.map(({ number }) => number);
  const positions = places.map(({ position }) => position);
  const inView = viewed(ask);
  const page = sql`page as (
      select * from best
      where ${onPage(ask.view)}
        and ${after === undefined ? sql`true` : sql`(path, position, number) > (${after.path}, ${after.position}, ${after.number})`}
      order by path, position, number limit ${ask.limit + 1}
    )`;
  const opening = sql`opening as (
      select distinct marked.path from marked
      where marked.has_children
        and ${ask.view === 'hidden' ? sql`true` : sql`marked.path in (select path from page)`}
        and exists (
          select from layer_files f
          left join image_hidden h
            on h.image = ${image} and h.position = marked.position and h.number = f.number
          where f.layer = marked.layer and f.parent = marked.number
            and ${viewed(ask, sql`marked.position`)}
        )
    )`;
  // Which hidden directories are on the page depends on what is in them.
  const parts = ask.view === 'hidden' ? [opening, page] : [page, opening];
  // Of one path the entry of the container, then the newest; explicit entries before implied ones.
  // Content of a directory may be in layers whose entry of it was replaced by the shown one.
  const { rows } = await sql<FileInImage>`
    with found as (
      select f.*, p.position, h.hidden_by
      from unnest(${layers}::bigint[], ${numbers}::integer[], ${positions}::integer[])
        as p (layer, number, position)
      join layer_files f on f.layer = p.layer and f.parent = p.number
      left join image_hidden h
        on h.image = ${image} and h.position = p.position and h.number = f.number
    ), marked as (
      select found.*, type = 'directory'
        and bool_or(type = 'directory' and ${isVisible}) over (partition by path) as remains
      from found
    ), best as (
      select marked.*, row_number() over (
        partition by path order by implied, position desc, number desc) as rank
      from marked where ${inView}
    ), ${sql.join(parts)}
    select page.*, path in (select path from opening) as opens from page
    order by path, position, number
  `.execute(database);
  return toPage(rows, ask.limit, { item: toFile, cursor: writeCursor });
}

const isVisible = sql`(hidden_by is null or hidden_by = ${leadsToHidden})`;

/** One entry per path; all hidden ones, except a directory that only remains for its content. */
function onPage(view: DirectoryQuery['view']) {
  if (view === 'layer') return sql`true`;
  if (view === 'merged') return sql`rank = 1`;
  return sql`(not remains or (rank = 1 and path in (select path from opening)))`;
}

function viewed({ view, layer }: DirectoryQuery, position = sql`position`) {
  if (view === 'layer') return sql`${position} = ${layer}`;
  return view === 'hidden' ? sql`hidden_by is not null` : isVisible;
}

interface DirectoryPlace {
  readonly layer: number;
  readonly position: number;
  readonly number: number;
}

/** The numbers of the directory in the layers; the root is number 0 in all of them. */
async function findDirectory(
  database: Kysely<Database>,
  image: number,
  { parent, view, layer }: DirectoryQuery,
): Promise<DirectoryPlace[]> {
  const chosen = view === 'layer' ? sql`l.position = ${layer}` : sql`true`;
  const { rows } =
    parent === ''
      ? await sql<DirectoryPlace>`
          select layer, position, 0 as number from image_layers l
          where image = ${image} and ${chosen} order by position
        `.execute(database)
      : await sql<DirectoryPlace>`
          select l.layer, l.position, f.number
          from image_layers l
          join layer_files f on left(f.path, ${sql.lit(inspectionLimits.indexedPathChars)})
              = left(${parent}, ${sql.lit(inspectionLimits.indexedPathChars)}) collate "C"
            and f.layer = l.layer and f.path = ${parent}
          where l.image = ${image} and ${chosen} and f.has_children
          order by l.position limit ${limits.layersPerImage * limits.layersPerImage}
        `.execute(database);
  if (rows.length > 0 || parent === '') return rows;
  const known = await sql`
    select from image_layers l
    join layer_files f on left(f.path, ${sql.lit(inspectionLimits.indexedPathChars)})
        = left(${parent}, ${sql.lit(inspectionLimits.indexedPathChars)}) collate "C"
      and f.layer = l.layer and f.path = ${parent}
    where l.image = ${image} and ${chosen} limit 1
  `.execute(database);
  if (known.rows.length > 0) return [];
  throw new Problem('not_found', `there is no directory ${parent} in the image`);
}

interface CursorPlace {
  readonly path: string;
  readonly position: number;
  readonly number: number;
}

function writeCursor({ path, position, number }: FileInImage): string {
  return Buffer.from(JSON.stringify([path, position, number])).toString('base64url');
}

function readCursor(text: string): CursorPlace {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    const [path, position, number] = Array.isArray(value) ? (value as unknown[]) : [];
    const isNumber = (one: unknown): one is number =>
      Number.isInteger(one) && Math.abs(Number(one)) < 2 ** 31;
    if (typeof path === 'string' && isNumber(position) && isNumber(number)) {
      return { path: path.toWellFormed().replaceAll('\0', ''), position, number };
    }
  } catch {
    // Handled below like any other text.
  }
  throw invalidCursor();
}

function toFile(row: FileInImage): ImageFile {
  const hidden = row.hidden_by;
  return {
    ...toFileRow(row),
    layer: row.position,
    ...(hidden !== null && hidden !== leadsToHidden && !row.remains && { hiddenBy: hidden }),
    name: row.path.slice(row.path.lastIndexOf('/') + 1),
    hasChildren: row.opens,
    implied: row.implied,
  };
}

/** A stored file as in reports. */
export function toFileRow(
  row: Selectable<Database['layer_files']>,
): Omit<ImageFile, 'layer' | 'hiddenBy' | 'name' | 'hasChildren' | 'implied'> {
  const { rawPath, device, capabilities, similarity } = row.extra ?? {};
  return {
    path: row.path,
    type: row.type as ImageFile['type'],
    mode: row.mode,
    uid: row.uid,
    gid: row.gid,
    sizeBytes: row.size_bytes,
    mtimeMs: row.mtime_ms,
    ...(row.link_path !== null && { linkPath: row.link_path }),
    ...(row.kind !== null && { kind: row.kind }),
    ...(row.sha256 !== null && { sha256: row.sha256.toString('hex') }),
    ...(row.sha1 !== null && { sha1: row.sha1.toString('hex') }),
    ...(row.md5 !== null && { md5: row.md5.toString('hex') }),
    ...(rawPath !== undefined && { rawPath }),
    ...(device !== undefined && { device }),
    ...(capabilities !== undefined && { capabilities }),
    ...(similarity !== undefined && { similarity }),
  };
}
