/** Locations of a content in the images of some projects, and its metadata. */
import {
  limits,
  type FileFinding,
  type FilePlace,
  type FindingClass,
  type Severity,
} from '@lazaret/protocol';
import { sql, type Kysely, type RawBuilder } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { withinBounds, type SearchBounds } from '../floor/searchable.ts';
import { filesByDigest } from './search/file-plans.ts';
import { toFileHit, type FileHitRow } from './search/hit-row.ts';
import { fileLimits } from './file-limits.ts';

export interface ContentFacts {
  readonly sha1: string | null;
  readonly md5: string | null;
  readonly sizeBytes: number;
  readonly kind: string | null;
  /** The latest images first. */
  readonly places: readonly FilePlace[];
  readonly count: number;
  readonly isMore: boolean;
}

/** Undefined when no image has it. */
export async function findContentFacts(
  database: Kysely<Database>,
  bounds: SearchBounds,
  sha256: string,
): Promise<ContentFacts | undefined> {
  const within = withinBounds('images.project', bounds);
  const plan = filesByDigest(within, { algorithm: 'sha256', hex: sha256 });
  const counted = plan.statement(limits.searchCountMax + 1, undefined);
  const { rows } = await sql<FileHitRow & { readonly total: number }>`
    select found.*, count(*) over ()::int as total from (${counted}) as found
    limit ${limits.fileListItems}
  `.execute(database);
  const [first] = rows;
  if (first === undefined) return undefined;
  const { rows: kinds } = await sql<{ readonly kind: string | null }>`
    select kind from layer_files where sha256 = ${Buffer.from(sha256, 'hex')} limit 1
  `.execute(database);
  const { sha1, md5, sizeBytes } = first.file;
  return {
    ...{ sha1: sha1 ?? null, md5: md5 ?? null, sizeBytes, kind: kinds[0]?.kind ?? null },
    places: rows.map(toPlace),
    count: Math.min(first.total, limits.searchCountMax),
    isMore: first.total > limits.searchCountMax,
  };
}

function toPlace(row: FileHitRow): FilePlace {
  const { image, project, names, platform, verdict, layer, hiddenBy } = toFileHit(row);
  return {
    ...{ image: image ?? '', project, names, platform, verdict: verdict ?? 'incomplete' },
    ...{ layer: layer ?? 0, hiddenBy, path: row.path, type: row.file.type },
  };
}

interface FindingRow {
  readonly scanner: string;
  readonly class: string;
  readonly severity: string;
  readonly rule: string;
  readonly title: string;
  readonly images: number;
  readonly image: string;
  readonly project: string;
  readonly path: string | null;
  readonly layer: number | null;
}

/** Findings about the content, each once, the most severe first. */
export async function findContentFindings(
  database: Kysely<Database>,
  bounds: SearchBounds,
  sha256: string,
): Promise<FileFinding[]> {
  const { rows } = await sql<FindingRow>`
    with found as (
      select g.image as id, g.scanner, g.class, g.severity, g.rule, g.finding, images.digest,
        images.project
      from image_findings g join images on images.id = g.image
      where g.finding ? 'sha256' and g.finding ->> 'sha256' = ${sha256}
        and ${withinBounds('images.project', bounds)}
      order by g.image desc, g.number desc limit ${findingsRead}
    )
    select scanner, class, severity, rule, (array_agg(finding ->> 'title' order by id desc))[1] as title,
      count(distinct id)::int as images, (array_agg(digest order by id desc))[1] as image,
      (array_agg(project order by id desc))[1] as project,
      (array_agg(finding ->> 'path' order by id desc))[1] as path,
      (array_agg((finding ->> 'layer')::int order by id desc))[1] as layer
    from found group by scanner, class, severity, rule
    order by ${severityRank}, scanner, rule limit ${fileLimits.findings}
  `.execute(database);
  return rows.map((row) => ({
    ...row,
    ...{ class: row.class as FindingClass, severity: row.severity as Severity },
  }));
}

const findingsRead = 10_000;
const severityRank: RawBuilder<unknown> = sql`array_position(
  array['critical', 'high', 'medium', 'low', 'info'], severity)`;
