/** Inspected images for other slices: which there are, where their bytes are, what they contain. */
import { sql, type Kysely } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { fileLimits } from './file-limits.ts';

export interface StoredImage {
  /** Grows with each inspection, also of the same image. */
  readonly id: number;
  readonly project: string;
  readonly digest: string;
  readonly names: readonly string[];
  readonly platform: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly inspectedAt: Date;
}

interface StoredImageRow extends Omit<StoredImage, 'inspectedAt' | 'labels'> {
  readonly labels: Readonly<Record<string, string>> | null;
  readonly inspected_at: Date;
}

/** The latest first; `before` is the id of the last one of the previous page. */
export async function listStoredImages(
  database: Kysely<Database>,
  { before, limit }: { readonly before: number; readonly limit: number },
): Promise<StoredImage[]> {
  const { rows } = await sql<StoredImageRow>`
    select id, project, digest, names, platform, summary #> '{image,config,labels}' as labels,
      inspected_at
    from images where id < ${before} order by id desc limit ${limit}`.execute(database);
  return rows.map(({ inspected_at: inspectedAt, labels, ...row }) => ({
    ...{ ...row, inspectedAt },
    labels: labels ?? {},
  }));
}

/** The largest id, 0 without images. */
export async function latestImage(database: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{ readonly id: number }>`
    select coalesce(max(id), 0) as id from images`.execute(database);
  return rows[0]?.id ?? 0;
}

export async function countImagesBefore(
  database: Kysely<Database>,
  ids: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  const { rows } = await sql<{ readonly id: number; readonly count: number }>`
    select wanted.id, (select count(*) from images where images.id < wanted.id) as count
    from unnest(${[...ids]}::bigint[]) as wanted (id)`.execute(database);
  return new Map(rows.map(({ id, count }) => [id, count]));
}

export interface ImageBytes {
  readonly id: number;
  /** Names of the image at its inspections, the latest first. */
  readonly references: readonly string[];
  readonly names: readonly string[];
  readonly platform: string | null;
  /** Verified by the inspection, lowest first. */
  readonly diffIds: readonly (string | undefined)[];
  readonly env: readonly string[];
  readonly workingDirectory: string;
  /** Set for an artifact that is not an image. */
  readonly artifactType: string | undefined;
}

interface ImageBytesRow {
  readonly id: number;
  readonly names: readonly string[];
  readonly platform: string | null;
  readonly layers: readonly { readonly diffId?: string }[] | null;
  readonly image: {
    readonly artifactType?: string;
    readonly config?: { readonly env?: readonly string[]; readonly workingDir?: string };
  } | null;
  readonly references: readonly string[];
}

/** Where an image can be read again; undefined when it was removed. */
export async function findImageBytes(
  database: Kysely<Database>,
  { project, digest }: { readonly project: string; readonly digest: string },
): Promise<ImageBytes | undefined> {
  const { rows } = await sql<ImageBytesRow>`
    select id, names, platform, summary -> 'layers' as layers, summary -> 'image' as image,
      array(
        select i.reference from inspection_images ii join inspections i on i.id = ii.inspection
        where ii.digest = images.digest and i.project = images.project
        order by ii.inspection desc limit ${fileLimits.sourcesTried}
      ) as references
    from images where project = ${project} and digest = ${digest}`.execute(database);
  const [row] = rows;
  if (row === undefined) return undefined;
  const { id, names, platform, layers, image, references } = row;
  return {
    ...{ id, names, platform, references: [...new Set(references)] },
    diffIds: (layers ?? []).map(({ diffId }) => diffId),
    env: image?.config?.env ?? [],
    workingDirectory: image?.config?.workingDir ?? '',
    artifactType: image?.artifactType,
  };
}

export interface InventoryPackage {
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly architecture: string | null;
}

/** Installed packages of these types that later layers do not hide. */
export async function listInventory(
  database: Kysely<Database>,
  image: number,
  types: readonly string[],
): Promise<InventoryPackage[]> {
  const { rows } = await sql<InventoryPackage>`
    select distinct type, name, fact ->> 'version' as version,
      fact ->> 'architecture' as architecture
    from image_packages
    where image = ${image} and not hidden and type = any(${[...types]}::text[])
      and fact ->> 'state' = 'installed'`.execute(database);
  return rows;
}
