/** Reads stored reports, with their files if requested. */
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';

import {
  compareReports,
  toCollectorLines,
  toCollectorOutputLines,
  type CollectorOutput,
  toCycloneDx,
  toJsonValue,
  toSarif,
  toSpdx,
} from '@lazaret/analysis';
import {
  Problem,
  type reportFormats,
  type InspectionReport,
  type PlacedFile,
  type ReportDifference,
  upgradeReport,
} from '@lazaret/protocol';
import { sql, type Kysely, type Selectable } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { inspectionLimits } from './limits.ts';
import { toFileRow } from './list-files.ts';
import { leadsToHidden } from './plan-layers.ts';

const decompress = promisify(zstdDecompress);

type ReportFormat = (typeof reportFormats)[number];

export interface StoredImageKey {
  readonly id: number;
  readonly digest: string;
}

/** The report in a format, without the list of files. */
export async function formatReport(
  database: Kysely<Database>,
  image: StoredImageKey,
  {
    format,
    timestamp,
    outputs,
  }: {
    readonly format: ReportFormat;
    readonly timestamp: string;
    /** What scripts printed in the image; only some formats have it. */
    readonly outputs: () => Promise<readonly CollectorOutput[]>;
  },
): Promise<{ readonly name: string; readonly bytes: Buffer }> {
  const report = await readReport(database, image);
  const write = {
    json: () => toText(toJsonValue([report])),
    cyclonedx: () => toText(toCycloneDx(report, { timestamp })),
    spdx: () => toText(toSpdx(report, { timestamp })),
    sarif: () => toText(toSarif([report], { timestamp })),
    collector: async () =>
      toCollectorLines([report]) + toCollectorOutputLines(report, await outputs()),
  } as const satisfies Record<ReportFormat, () => string | Promise<string>>;
  const [, hex = image.digest] = image.digest.split(':');
  const name = `${hex.slice(0, 12)}.${ends[format]}`;
  return { name, bytes: Buffer.from(await write[format]()) };
}

/** Ends of file names. */
const ends: Readonly<Record<ReportFormat, string>> = {
  ...{ json: 'json', cyclonedx: 'cdx.json', spdx: 'spdx.json', sarif: 'sarif' },
  collector: 'ndjson',
};

function toText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Differences between two stored images. */
export async function compareImages(
  database: Kysely<Database>,
  pair: { readonly before: StoredImageKey; readonly after: StoredImageKey },
  { files }: { readonly files: boolean },
): Promise<ReportDifference> {
  const read = async (image: StoredImageKey): Promise<InspectionReport> => ({
    ...(await readReport(database, image)),
    ...(files && { files: await readFiles(database, image.id) }),
  });
  const before = await read(pair.before);
  const after = await read(pair.after);
  // A finding is only new if its content is not in the other image; otherwise it is unknown.
  const contents = {
    before: await findContents(database, pair.before.id, after),
    after: await findContents(database, pair.after.id, before),
  };
  return compareReports(before, after, (side, sha256) => contents[side].has(sha256));
}

/** Contents of the findings of a report that the image has in any layer. */
async function findContents(
  database: Kysely<Database>,
  image: number,
  { findings }: InspectionReport,
): Promise<ReadonlySet<string>> {
  const digests = [...new Set(findings.flatMap(({ sha256 }) => sha256 ?? []))];
  const { rows } = await sql<{ readonly sha256: string }>`
    select distinct encode(f.sha256, 'hex') as sha256
    from image_layers l
    join layer_files f on f.layer = l.layer
    where l.image = ${image}
      and f.sha256 = any (select decode(digest, 'hex') from unnest(${digests}::text[]) as digest)
  `.execute(database);
  return new Set(rows.map(({ sha256 }) => sha256));
}

/** The report was validated when it was stored. */
export async function readReport(
  database: Kysely<Database>,
  { id, digest }: StoredImageKey,
): Promise<InspectionReport> {
  const row = await database
    .selectFrom('images')
    .select('report')
    .where('id', '=', id)
    .executeTakeFirst();
  // A new inspection may have replaced it.
  if (row === undefined) throw new Problem('not_found', `there is no image ${digest}`);
  const bytes = await decompress(row.report, {
    maxOutputLength: inspectionLimits.imageReportBytes,
  });
  // Reports of earlier versions were validated with their own schema.
  return upgradeReport(JSON.parse(bytes.toString())) as InspectionReport;
}

interface PlacedRow extends Selectable<Database['layer_files']> {
  readonly position: number;
  readonly hidden_by: number | null;
}

/** The files of the merged view; more than the limit is a problem, not a partial list. */
async function readFiles(database: Kysely<Database>, image: number): Promise<PlacedFile[]> {
  const { rows } = await sql<PlacedRow>`
    select f.*, l.position, h.hidden_by
    from image_layers l
    join layer_files f on f.layer = l.layer
    left join image_hidden h
      on h.image = l.image and h.position = l.position and h.number = f.number
    where l.image = ${image} and not f.implied
      and (h.hidden_by is null or h.hidden_by = ${leadsToHidden})
    limit ${inspectionLimits.imageFilesCompared + 1}
  `.execute(database);
  if (rows.length > inspectionLimits.imageFilesCompared) {
    throw new Problem(
      'payload_too_large',
      `an image has more than ${inspectionLimits.imageFilesCompared} files; compare them without \`files\`, ` +
        'or with `lazaret inspect diff`',
    );
  }
  return rows.map((row) => ({ ...toFileRow(row), layer: row.position }));
}
