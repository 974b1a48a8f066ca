/** Where the bytes of a content can be read again: layers of images, and their sources. */
import type { ContentPlace, ContentRequest } from '@lazaret/analysis';
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { withinBounds, type SearchBounds } from '../floor/searchable.ts';
import { inspectionLimits } from './limits.ts';
import { fileLimits } from './file-limits.ts';

export interface ReadablePlace {
  readonly project: string;
  readonly path: string;
  readonly place: ContentPlace;
  /** Names of the image at its inspections, the latest first. */
  readonly references: readonly string[];
  readonly wanted: ContentRequest['wanted'];
  /** The file of the layer that contains it. */
  readonly container: ContentRequest['container'];
}

interface PlaceRow {
  readonly project: string;
  readonly digest: string;
  readonly position: number;
  readonly layer: number;
  readonly path: string;
  readonly size_bytes: number;
  readonly layer_digest: string | null;
  readonly diff_id: string | null;
  readonly references: string[];
}

/** The latest images first; only those of one image when its digest is given. */
export async function findReadablePlaces(
  database: Kysely<Database>,
  bounds: SearchBounds,
  { sha256, image }: { readonly sha256: string; readonly image: string | undefined },
): Promise<ReadablePlace[]> {
  const { rows } = await sql<PlaceRow>`
    select images.project, images.digest, l.position, f.layer, f.path, f.size_bytes,
      images.summary #>> array['layers', l.position::text, 'digest'] as layer_digest,
      images.summary #>> array['layers', l.position::text, 'diffId'] as diff_id,
      array(
        select i.reference from inspection_images ii join inspections i on i.id = ii.inspection
        where ii.digest = images.digest and i.project = images.project
        order by ii.inspection desc limit ${fileLimits.sourcesTried}
      ) as references
    from layer_files f
    join image_layers l on l.layer = f.layer
    join images on images.id = l.image
    where f.sha256 = ${Buffer.from(sha256, 'hex')} and not f.implied
      and ${withinBounds('images.project', bounds)}
      and ${image === undefined ? sql`true` : sql`images.digest = ${image}`}
    order by f.layer desc, f.number desc, l.image desc, l.position desc
    limit ${fileLimits.sourcesTried}
  `.execute(database);
  return Promise.all(rows.map((row) => toPlace(database, row, sha256)));
}

async function toPlace(
  database: Kysely<Database>,
  row: PlaceRow,
  sha256: string,
): Promise<ReadablePlace> {
  return {
    ...{ project: row.project, path: row.path },
    place: {
      ...{ image: row.digest, layer: row.position },
      ...{ layerDigest: row.layer_digest ?? undefined, diffId: row.diff_id ?? undefined },
    },
    references: [...new Set(row.references)],
    wanted: { sha256, sizeBytes: row.size_bytes },
    container: await findContainer(database, row),
  };
}

const inside = '!/';

/** The path of a member starts with the file that contains it: `app.jar!/a/b.class`. */
async function findContainer(
  database: Kysely<Database>,
  { layer, path }: PlaceRow,
): Promise<ReadablePlace['container']> {
  const outer: string[] = [];
  for (let end = path.indexOf(inside); end >= 0; end = path.indexOf(inside, end + 1)) {
    outer.push(path.slice(0, end));
  }
  if (outer.length === 0) return undefined;
  const indexed = sql.lit(inspectionLimits.indexedPathChars);
  const { rows } = await sql<{
    readonly path: string;
    readonly sha256: Buffer;
    readonly size_bytes: number;
  }>`
    select f.path, f.sha256, f.size_bytes
    from unnest(${outer}::text[]) as wanted (path)
    join layer_files f on left(f.path, ${indexed}) = left(wanted.path, ${indexed}) collate "C"
      and f.layer = ${layer} and f.path = wanted.path
    where f.sha256 is not null order by length(f.path) limit 1
  `.execute(database);
  const [found] = rows;
  if (found === undefined) return undefined;
  return { path: found.path, sha256: found.sha256.toString('hex'), sizeBytes: found.size_bytes };
}
