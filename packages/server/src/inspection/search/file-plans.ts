/** Statements that find files of images: by digest, by prefix of a path, by part of a name. */
import type { DigestAlgorithm } from '@lazaret/protocol';
import { sql, type RawBuilder } from 'kysely';

import { containsPattern, type HitKey, type HitPlan } from '../../floor/searchable.ts';
import { inspectionLimits } from '../limits.ts';
import { imageColumns, type FileHitRow } from './hit-row.ts';
import { indexedNameChars, matchingNames } from './matching-names.ts';

type FilePlan = HitPlan<FileHitRow>;

const indexedChars = sql.lit(inspectionLimits.indexedPathChars);

/** Files with a content, by its digest. */
export function filesByDigest(
  within: RawBuilder<boolean>,
  { algorithm, hex }: { readonly algorithm: DigestAlgorithm; readonly hex: string },
): FilePlan {
  return filesWhere(sql`f.${sql.ref(algorithm)} = ${Buffer.from(hex, 'hex')}`, within);
}

const sha256Chars = 64;

/** Files whose SHA-256 has a prefix. */
export function filesByDigestStart(within: RawBuilder<boolean>, start: string): FilePlan {
  const [low, high] = ['0', 'f'].map((digit) =>
    Buffer.from(start.padEnd(sha256Chars, digit), 'hex'),
  );
  return filesWhere(sql`f.sha256 >= ${low} and f.sha256 <= ${high}`, within);
}

/**
 * By bytes, as the index is ordered: nothing with the prefix comes after the bound. Paths are
 * stored relative to the root of the image; users also write `/etc/passwd` and `./etc/passwd`.
 */
export function filesByPath(within: RawBuilder<boolean>, text: string): FilePlan {
  const prefix = text.replace(/^(?:\.?\/+)+/, '');
  const indexed = [...prefix].slice(0, inspectionLimits.indexedPathChars).join('');
  const condition = sql`left(f.path, ${indexedChars}) >= ${indexed}::text collate "C"
    and left(f.path, ${indexedChars}) <= ${`${indexed}\u{10ffff}`}::text collate "C"
    and starts_with(f.path, ${prefix})`;
  return filesWhere(condition, within);
}

function filesWhere(condition: RawBuilder<unknown>, within: RawBuilder<boolean>): FilePlan {
  return {
    shape: 'nnnn',
    statement: (limit, after) => {
      const [layer, number, image, position] = after ?? [];
      const from =
        after === undefined
          ? sql`true`
          : sql`(f.layer, f.number) <= (${layer}, ${number})
              and (f.layer, f.number, l.image, l.position)
                < (${layer}, ${number}, ${image}, ${position})`;
      return sql<FileHitRow>`
        select jsonb_build_array(f.layer, f.number, l.image, l.position) as key, ${fileColumns}
        ${fileTables}
        where ${condition} and not f.implied and ${within} and ${from}
        order by f.layer desc, f.number desc, l.image desc, l.position desc
        limit ${limit}
      `;
    },
  };
}

const fileColumns = sql`${imageColumns}, l.position, h.hidden_by, f.path,
  jsonb_build_object('type', f.type, 'sizeBytes', f.size_bytes, 'mode', f.mode,
    'sha256', encode(f.sha256, 'hex'), 'sha1', encode(f.sha1, 'hex'),
    'md5', encode(f.md5, 'hex')) as file`;

const fileTables = sql`from layer_files f
  join image_layers l on l.layer = f.layer
  join images on images.id = l.image
  left join image_hidden h
    on h.image = l.image and h.position = l.position and h.number = f.number`;

/** As in `layer_files_name`. */
const lastComponent = sql`left(split_part(f.path, '/', -1), ${sql.lit(indexedNameChars)})`;

/**
 * Files whose name contains a text, or whose path does when the text has slashes: its last part is
 * then the prefix of a name. The shortest names come first, since they are the closest matches.
 */
export function filesByName(within: RawBuilder<boolean>, text: string): FilePlan | undefined {
  const slash = text.lastIndexOf('/');
  const part = text.slice(slash + 1);
  if (part === '') return undefined;
  const inPath = slash < 0 ? sql`true` : sql`f.path ilike ${containsPattern(text)}`;
  const names = matchingNames('file_names', { part, isStart: slash >= 0 });
  return {
    shape: 'nsnnnn',
    statement: (limit, after) => sql<FileHitRow>`
      with found as materialized (${names})
      select jsonb_build_array(found.chars, found.name, hit.layer, hit.number, hit.image,
        hit.position) as key, hit.*
      from found cross join lateral (
        select f.layer, f.number, l.image, ${fileColumns} ${fileTables}
        where ${lastComponent} = found.name and not f.implied and ${inPath} and ${within}
          and ${fileAfter(after)}
        order by f.layer desc, f.number desc, l.image desc, l.position desc
        limit ${limit}
      ) as hit
      where ${nameAfter(after)}
      order by found.chars, found.name, hit.layer desc, hit.number desc, hit.image desc,
        hit.position desc
      limit ${limit}
    `,
  };
}

function nameAfter(after: HitKey | undefined): RawBuilder<unknown> {
  if (after === undefined) return sql`true`;
  return sql`(found.chars, found.name) >= (${after[0]}, ${after[1]}::text collate "C")`;
}

function fileAfter(after: HitKey | undefined): RawBuilder<unknown> {
  if (after === undefined) return sql`true`;
  const [, name, layer, number, image, position] = after;
  return sql`(found.name <> ${name} or (f.layer, f.number, l.image, l.position)
    < (${layer}, ${number}, ${image}, ${position}))`;
}
