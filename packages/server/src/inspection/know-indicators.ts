/**
 * What images have about many digests and packages at once: one statement for each kind of answer,
 * whatever their number. Of a content that thousands of images share only the latest rows are read.
 */
import {
  judgeFindings,
  limits,
  type Indicator,
  type Knowledge,
  type KnownFinding,
  type KnownImage,
  type VerdictState,
} from '@lazaret/protocol';
import { sql, type Kysely, type RawBuilder } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { withinBounds, type SearchBounds } from '../floor/searchable.ts';
import { inspectionLimits } from './limits.ts';
import { worstVerdict } from './summarize-inspections.ts';

export type ImageKnowledge = Pick<Knowledge, 'verdict' | 'findings' | 'images'>;

/** An indicator whose SHA-256 is known: by itself, or by an image with that SHA-1 or MD5. */
export interface ContentIndicator {
  readonly text: string;
  readonly sha256: string;
}

type DigestIndicator = Extract<Indicator, { kind: 'digest' }>;
type PackageIndicator = Extract<Indicator, { kind: 'package' }>;

/** Those with a SHA-256; a SHA-1 or MD5 that no image has is absent. */
export async function resolveContents(
  database: Kysely<Database>,
  bounds: SearchBounds,
  digests: readonly DigestIndicator[],
): Promise<ContentIndicator[]> {
  const own = digests
    .filter(({ algorithm }) => algorithm === 'sha256')
    .map(({ text, hex }) => ({ text, sha256: hex }));
  const others = await Promise.all(
    (['sha1', 'md5'] as const).map((algorithm) =>
      resolveOther(database, bounds, {
        algorithm,
        wanted: digests.filter((one) => one.algorithm === algorithm),
      }),
    ),
  );
  return [...own, ...others.flat()];
}

async function resolveOther(
  database: Kysely<Database>,
  bounds: SearchBounds,
  { algorithm, wanted }: { algorithm: 'sha1' | 'md5'; wanted: readonly DigestIndicator[] },
): Promise<ContentIndicator[]> {
  if (wanted.length === 0) return [];
  const { rows } = await sql<ContentIndicator>`
    select wanted.text, encode(found.sha256, 'hex') as sha256
    from ${unnest(wanted.map(({ text, hex }) => [text, hex]))} as wanted (text, hex)
    cross join lateral (
      select f.sha256 from layer_files f
      join image_layers l on l.layer = f.layer join images on images.id = l.image
      where f.${sql.ref(algorithm)} = decode(wanted.hex, 'hex') and f.sha256 is not null
        and ${withinBounds('images.project', bounds)}
      limit 1
    ) as found
  `.execute(database);
  return rows;
}

/** What is known from images, by the text of the indicator; unknown ones are absent. */
export async function knowFromImages(
  database: Kysely<Database>,
  bounds: SearchBounds,
  asked: {
    readonly contents: readonly ContentIndicator[];
    readonly packages: readonly PackageIndicator[];
  },
): Promise<ReadonlyMap<string, ImageKnowledge>> {
  const { contents, packages } = asked;
  const [files, images, contentFindings, imageFindings, byPackage] = await Promise.all([
    placesOfContents(database, bounds, contents),
    imagesByDigest(database, bounds, contents),
    findingsOfContents(database, bounds, contents),
    findingsOfImages(database, bounds, contents),
    placesOfPackages(database, bounds, packages),
  ]);
  const known = new Map<string, ImageKnowledge>();
  for (const { text } of contents) {
    const image = images.get(text);
    const found = image ?? files.get(text);
    if (found === undefined) continue;
    const about = (image === undefined ? contentFindings : imageFindings).get(text) ?? [];
    known.set(text, {
      verdict:
        image === undefined
          ? contentVerdict(about, found.verdicts)
          : (worstVerdict(image.verdicts) ?? null),
      findings: about.slice(0, limits.lookupFindings),
      images: found.images,
    });
  }
  for (const [text, { images: having, findings }] of byPackage) {
    known.set(text, { verdict: null, findings, images: having });
  }
  return known;
}

/** Clean only when an image was fully examined and has no findings at all. */
function contentVerdict(
  findings: readonly KnownFinding[],
  verdicts: readonly VerdictState[],
): VerdictState | null {
  return judgeFindings(findings)?.state ?? (verdicts.includes('clean') ? 'clean' : null);
}

interface Places {
  readonly images: Knowledge['images'];
  /** Verdicts of the images. */
  readonly verdicts: readonly VerdictState[];
}

interface PlacesRow {
  readonly text: string;
  readonly items: KnownImage[];
  readonly verdicts: VerdictState[];
  readonly total: number;
  readonly rows: number;
}

/** Of one content; several files of an image may have it. */
const rowsRead = 4 * limits.lookupCountMax;

const imageItem = sql`jsonb_build_object('digest', hit.digest, 'project', hit.project,
  'name', hit.names[1], 'verdict', hit.verdict, 'path', hit.path,
  'inspectedAt', to_char(hit.inspected_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))`;

const imageColumns = sql`images.id, images.digest, images.project, images.names, images.verdict,
  images.inspected_at`;

/** Aggregates the rows `hit` of each `wanted.text`, each image once. */
function placesFrom(wanted: RawBuilder<unknown>, hits: RawBuilder<unknown>) {
  return sql<PlacesRow>`
    select text, (array_agg(${imageItem} order by hit.id desc))[1:${sql.lit(limits.lookupItems)}]
      as items, array_agg(distinct hit.verdict) as verdicts, count(*)::int as total,
      max(hit.rows)::int as rows
    from (
      select distinct on (wanted.text, found.id) wanted.text, found.*,
        count(*) over (partition by wanted.text) as rows
      from ${wanted} cross join lateral (${hits}) as found
      order by wanted.text, found.id, found.path
    ) as hit group by text
  `;
}

function toPlaces(rows: readonly PlacesRow[], most: number): Map<string, Places> {
  return new Map(
    rows.map(({ text, items, verdicts, total, rows: read }) => {
      const isMore = total > limits.lookupCountMax || read >= most;
      const count = Math.min(total, limits.lookupCountMax);
      return [text, { verdicts, images: { items, count, isMore } }];
    }),
  );
}

async function placesOfContents(
  database: Kysely<Database>,
  bounds: SearchBounds,
  contents: readonly ContentIndicator[],
): Promise<ReadonlyMap<string, Places>> {
  if (contents.length === 0) return new Map();
  const wanted = unnest(contents.map(({ text, sha256 }) => [text, sha256]));
  const hits = sql`
    select ${imageColumns}, f.path from layer_files f
    join image_layers l on l.layer = f.layer join images on images.id = l.image
    where f.sha256 = decode(wanted.value, 'hex') and not f.implied
      and ${withinBounds('images.project', bounds)}
    order by f.layer desc, f.number desc, l.image desc limit ${rowsRead}`;
  const { rows } = await placesFrom(sql`${wanted} as wanted (text, value)`, hits).execute(database);
  return toPlaces(rows, rowsRead);
}

async function imagesByDigest(
  database: Kysely<Database>,
  bounds: SearchBounds,
  contents: readonly ContentIndicator[],
): Promise<ReadonlyMap<string, Places>> {
  if (contents.length === 0) return new Map();
  const wanted = unnest(contents.map(({ text, sha256 }) => [text, `sha256:${sha256}`]));
  const hits = sql`
    select ${imageColumns}, null::text as path from images
    where images.digest = wanted.value and ${withinBounds('images.project', bounds)}
    order by images.id desc limit ${rowsRead}`;
  const { rows } = await placesFrom(sql`${wanted} as wanted (text, value)`, hits).execute(database);
  return toPlaces(rows, rowsRead);
}

/** More of one content are the same ones of older images. */
const findingsRead = 1_000;

type FindingRow = KnownFinding & { readonly text: string };

const findingColumns = sql`g.scanner, g.class, g.severity, g.rule, g.finding ->> 'title' as title`;
const severityRank = sql`array_position(array['critical', 'high', 'medium', 'low', 'info'],
  severity)`;

async function findingsOfContents(
  database: Kysely<Database>,
  bounds: SearchBounds,
  contents: readonly ContentIndicator[],
): Promise<ReadonlyMap<string, KnownFinding[]>> {
  if (contents.length === 0) return new Map();
  const wanted = unnest(contents.map(({ text, sha256 }) => [text, sha256]));
  const { rows } = await sql<FindingRow>`
    select distinct ${severityRank} as rank, text, scanner, class, severity, rule, title
    from ${wanted} as wanted (text, value) cross join lateral (
      select ${findingColumns} from image_findings g join images on images.id = g.image
      where g.finding ? 'sha256' and g.finding ->> 'sha256' = wanted.value
        and ${withinBounds('images.project', bounds)}
      order by g.image desc, g.number desc limit ${findingsRead}
    ) as found order by rank, scanner, rule
  `.execute(database);
  return groupFindings(rows);
}

/** Without vulnerabilities, of which an image may have thousands: its report lists them. */
async function findingsOfImages(
  database: Kysely<Database>,
  bounds: SearchBounds,
  contents: readonly ContentIndicator[],
): Promise<ReadonlyMap<string, KnownFinding[]>> {
  if (contents.length === 0) return new Map();
  const wanted = unnest(contents.map(({ text, sha256 }) => [text, `sha256:${sha256}`]));
  const { rows } = await sql<FindingRow>`
    select distinct ${severityRank} as rank, text, scanner, class, severity, rule, title
    from ${wanted} as wanted (text, value) cross join lateral (
      select ${findingColumns} from images join image_findings g on g.image = images.id
      where images.digest = wanted.value and g.class <> 'vulnerability'
        and ${withinBounds('images.project', bounds)}
      limit ${findingsRead}
    ) as found order by rank, scanner, rule
  `.execute(database);
  return groupFindings(rows);
}

function groupFindings(rows: readonly FindingRow[]): ReadonlyMap<string, KnownFinding[]> {
  const grouped = Map.groupBy(rows, ({ text }) => text);
  return new Map(
    [...grouped].map(([text, found]) => [
      text,
      found.map(({ scanner, class: kind, severity, rule, title }) => ({
        ...{ scanner, class: kind, severity, rule, title },
      })),
    ]),
  );
}

interface PackagePlaces {
  readonly images: Knowledge['images'];
  readonly findings: KnownFinding[];
}

async function placesOfPackages(
  database: Kysely<Database>,
  bounds: SearchBounds,
  packages: readonly PackageIndicator[],
): Promise<ReadonlyMap<string, PackagePlaces>> {
  if (packages.length === 0) return new Map();
  const wanted = sql`${unnest(packages.map(({ text, purl }) => [text, purl]))} as wanted (text, value)`;
  const within = withinBounds('images.project', bounds);
  const hits = sql`
    select ${imageColumns}, p.fact ->> 'path' as path
    from image_packages p join images on images.id = p.image
    where ${isPackage} and ${within}
    order by p.image desc, p.number desc limit ${rowsRead}`;
  const [places, findings] = await Promise.all([
    placesFrom(wanted, hits).execute(database),
    // Advisories of the latest image that has it: the others repeat them.
    sql<FindingRow>`
      select distinct ${severityRank} as rank, text, scanner, class, severity, rule, title
      from ${wanted} cross join lateral (
        select p.image, p.purl from image_packages p join images on images.id = p.image
        where ${isPackage} and ${within} order by p.image desc, p.number desc limit 1
      ) as latest cross join lateral (
        select ${findingColumns} from image_findings g
        where g.image = latest.image and g.finding ->> 'purl' = latest.purl limit ${findingsRead}
      ) as found order by rank, scanner, rule
    `.execute(database),
  ]);
  const byText = groupFindings(findings.rows);
  return new Map(
    [...toPlaces(places.rows, rowsRead)].map(([text, { images }]) => [
      text,
      { images, findings: (byText.get(text) ?? []).slice(0, limits.lookupFindings) },
    ]),
  );
}

const indexedChars = sql.lit(inspectionLimits.indexedPathChars);

/** The purl itself, or one with a version or a qualifier after it. */
const isPackage = sql`left(p.purl, ${indexedChars}) >= left(wanted.value, ${indexedChars}) collate "C"
  and left(p.purl, ${indexedChars}) <= left(wanted.value, ${indexedChars}) || ${'\u{10ffff}'}
    collate "C"
  and (p.purl = wanted.value or starts_with(p.purl, wanted.value || '@')
    or starts_with(p.purl, wanted.value || '?'))`;

/** Rows of pairs of texts. */
function unnest(pairs: readonly (readonly [string, string])[]): RawBuilder<unknown> {
  const texts = pairs.map(([text]) => text);
  const values = pairs.map(([, value]) => value);
  return sql`unnest(${texts}::text[], ${values}::text[])`;
}
