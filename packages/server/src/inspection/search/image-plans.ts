/** Statements that find images: by digest, by a layer, by part of a name. */
import { sql, type RawBuilder } from 'kysely';

import { containsPattern, startsPattern, type HitPlan } from '../../floor/searchable.ts';
import { imageColumns, type ImageHitRow } from './hit-row.ts';

/** Images with a digest, or with a layer of it. */
export function imagesByDigest(within: RawBuilder<boolean>, sha256: string): HitPlan<ImageHitRow> {
  const digest = `sha256:${sha256}`;
  return imagesWhere(
    sql`(images.digest = ${digest} or images.id in (
      select l.image from layers join image_layers l on l.layer = layers.id
      where layers.diff_id = ${digest}))`,
    within,
  );
}

export function imagesByDigestStart(
  within: RawBuilder<boolean>,
  start: string,
): HitPlan<ImageHitRow> {
  return imagesWhere(sql`images.digest like ${startsPattern(`sha256:${start}`)}`, within);
}

export function imagesByName(within: RawBuilder<boolean>, part: string): HitPlan<ImageHitRow> {
  const pattern = containsPattern(part);
  return imagesWhere(
    sql`exists (select from unnest(images.names) as name where name ilike ${pattern})`,
    within,
  );
}

function imagesWhere(
  condition: RawBuilder<unknown>,
  within: RawBuilder<boolean>,
): HitPlan<ImageHitRow> {
  return {
    shape: 'n',
    statement: (limit, after) => sql<ImageHitRow>`
      select jsonb_build_array(images.id) as key, ${imageColumns} from images
      where ${condition} and ${within}
        and ${after === undefined ? sql`true` : sql`images.id < ${after[0]}`}
      order by images.id desc limit ${limit}
    `,
  };
}
