/** Reading of images: a page, one, its packages and findings. Bounded by the caller's projects. */
import {
  Problem,
  type FindingClass,
  type Image,
  type ImageDetail,
  type PackageType,
  type Page,
  type PlacedFinding,
  type PlacedPackage,
  type Severity,
  type SeverityCounts,
  type VerdictState,
  upgradeReport,
} from '@lazaret/protocol';
import { severityOrder } from '@lazaret/analysis';
import { sql, type Kysely, type Selectable } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { invalidCursor } from '../floor/http/index.ts';
import type { ProjectScope } from '../floor/principal.ts';

export interface ImageKey {
  /** Or the prefix of one. */
  readonly digest: string;
  /** Of the address, to which the digest was given; `digest` without one. */
  readonly field?: string;
  readonly project?: string | undefined;
}

export interface Paging {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

const listed = [
  ...(['id', 'project', 'digest', 'names', 'platform', 'distribution', 'verdict'] as const),
  ...(['layer_count', 'package_count', 'file_count', 'finding_counts', 'size_bytes'] as const),
  ...(['inspection', 'inspected_at'] as const),
] as const;
type ListedImage = Pick<Selectable<Database['images']>, (typeof listed)[number]>;

/** The latest first. */
export async function listImages(
  database: Kysely<Database>,
  scope: ProjectScope,
  ask: Paging & {
    readonly project?: string | undefined;
    readonly text?: string | undefined;
    readonly verdict?: readonly VerdictState[] | undefined;
  },
): Promise<Page<Image>> {
  let query = database
    .selectFrom('images')
    .select([...listed])
    .where(inProjects(scope, ask.project));
  if (ask.text !== undefined) {
    const like = `%${escapeLike(ask.text)}%`;
    query = query.where(sql<boolean>`(exists (select from unnest(images.names) as name
      where name ilike ${like}) or starts_with(digest, ${ask.text})
      or starts_with(digest, ${`sha256:${ask.text}`}))`);
  }
  if (ask.verdict !== undefined) query = query.where(anyOf('verdict', ask.verdict));
  if (ask.cursor !== undefined) query = query.where('id', '<', readNumber(ask.cursor));
  const rows = await query
    .orderBy('id', 'desc')
    .limit(ask.limit + 1)
    .execute();
  return toPage(rows, ask.limit, { item: toImage, cursor: (row) => String(row.id) });
}

/**
 * Of several projects that have it, the one that was inspected last. Throws not_found, and
 * invalid_request for an ambiguous prefix.
 */
export async function findImage(
  database: Kysely<Database>,
  scope: ProjectScope,
  key: ImageKey,
): Promise<ListedImage> {
  const isWhole = wholeDigest.test(key.digest);
  const matching = database
    .selectFrom('images')
    .where(
      isWhole
        ? sql<boolean>`digest = ${key.digest}`
        : sql<boolean>`starts_with(digest, ${key.digest})`,
    )
    .where(inProjects(scope, key.project));
  const row = await matching
    .select([...listed])
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) throw new Problem('not_found', `there is no image ${key.digest}`);
  if (isWhole) return row;
  const other = await matching
    .select('digest')
    .where('digest', '!=', row.digest)
    .limit(1)
    .executeTakeFirst();
  if (other !== undefined) throw ambiguous(key, [row.digest, other.digest]);
  return row;
}

/** Digests of images that start so; by the index of the digests. */
export async function findImageDigests(
  database: Kysely<Database>,
  scope: ProjectScope,
  { start, limit }: { readonly start: string; readonly limit: number },
): Promise<readonly string[]> {
  const rows = await database
    .selectFrom('images')
    .select('digest')
    .distinct()
    .where(sql<boolean>`starts_with(digest, ${start})`)
    .where(inProjects(scope, undefined))
    .limit(limit)
    .execute();
  return rows.map(({ digest }) => digest);
}

const wholeDigest = /^sha256:[0-9a-f]{64}$/;

function ambiguous({ digest, field = 'digest' }: ImageKey, digests: readonly string[]): Problem {
  const detail = `${digest} is the prefix of several digests: ${digests.join(', ')}`;
  const message = 'is ambiguous: use a longer prefix of the digest';
  const path = `path.${field}`;
  return new Problem('invalid_request', detail, { fields: [{ path, message }] });
}

export async function readImage(
  database: Kysely<Database>,
  scope: ProjectScope,
  key: ImageKey,
): Promise<ImageDetail> {
  const row = await findImage(database, scope, key);
  const { summary } = await database
    .selectFrom('images')
    .select('summary')
    .where('id', '=', row.id)
    .executeTakeFirstOrThrow(() => new Problem('not_found', `there is no image ${key.digest}`));
  const { schema: _, tool: __, ...report } = upgradeReport(summary) as typeof summary;
  const { verdict: ____, layers: _____, distribution: ______, ...image } = toImage(row);
  return { ...image, ...report, inspection: row.inspection };
}

export async function listPackages(
  database: Kysely<Database>,
  image: number,
  ask: Paging & {
    readonly text?: string | undefined;
    readonly type?: readonly PackageType[] | undefined;
    readonly hidden: boolean;
  },
): Promise<Page<PlacedPackage>> {
  let query = database
    .selectFrom('image_packages')
    .select(['number', 'fact'])
    .where('image', '=', image);
  if (!ask.hidden) query = query.where('hidden', '=', false);
  if (ask.type !== undefined) query = query.where(anyOf('type', ask.type));
  if (ask.text !== undefined) {
    query = query.where('name', 'ilike', `%${escapeLike(ask.text)}%`);
  }
  if (ask.cursor !== undefined) query = query.where('number', '>', readNumber(ask.cursor));
  const rows = await query
    .orderBy('number')
    .limit(ask.limit + 1)
    .execute();
  return toPage(rows, ask.limit, { item: ({ fact }) => fact, cursor: numberOf });
}

/** The worst first. */
export async function listFindings(
  database: Kysely<Database>,
  image: number,
  ask: Paging & {
    readonly severity?: readonly Severity[] | undefined;
    readonly class?: readonly FindingClass[] | undefined;
    readonly scanner?: string | undefined;
  },
): Promise<Page<PlacedFinding>> {
  let query = database
    .selectFrom('image_findings')
    .select(['number', 'finding'])
    .where('image', '=', image);
  if (ask.severity !== undefined) query = query.where(anyOf('severity', ask.severity));
  if (ask.class !== undefined) query = query.where(anyOf('class', ask.class));
  if (ask.scanner !== undefined) query = query.where('scanner', '=', ask.scanner);
  if (ask.cursor !== undefined) query = query.where('number', '>', readNumber(ask.cursor));
  const rows = await query
    .orderBy('number')
    .limit(ask.limit + 1)
    .execute();
  return toPage(rows, ask.limit, { item: ({ finding }) => finding, cursor: numberOf });
}

function numberOf({ number }: { readonly number: number }): string {
  return String(number);
}

/** A condition on the column `project` of images. */
export function inProjects(scope: ProjectScope, project: string | undefined) {
  const within = scope === 'all' ? sql`true` : sql`images.project = any(${scope}::text[])`;
  const chosen = project === undefined ? sql`true` : sql`images.project = ${project}`;
  return sql<boolean>`(${within} and ${chosen})`;
}

/** An empty list matches nothing. */
function anyOf(column: string, values: readonly string[]) {
  return sql<boolean>`${sql.ref(column)} = any(${values}::text[])`;
}

/** The items of a page, from one extra row. */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  how: { readonly item: (row: Row) => Item; readonly cursor: (row: Row) => string },
): Page<Item> {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const next = rows.length > limit && last !== undefined ? how.cursor(last) : null;
  return { items: page.map(how.item), next };
}

/** A number in a cursor. */
export function readNumber(text: string | undefined): number {
  const number = Number(text);
  if (/^\d{1,15}$/.test(text ?? '') && Number.isSafeInteger(number)) return number;
  throw invalidCursor();
}

function escapeLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, String.raw`\$&`);
}

function toImage(row: ListedImage): Image {
  const counts = severityOrder.map((severity, at) => [severity, row.finding_counts[at] ?? 0]);
  return {
    digest: row.digest,
    project: row.project,
    names: row.names,
    platform: row.platform,
    distribution: row.distribution,
    verdict: row.verdict as VerdictState,
    layers: row.layer_count,
    packages: row.package_count,
    files: row.file_count,
    findings: Object.fromEntries(counts) as SeverityCounts,
    sizeBytes: row.size_bytes,
    inspectedAt: row.inspected_at.toISOString(),
  };
}
