/**
 * The report of an image in parts, so that a policy is evaluated without reading what it does not
 * use: `core`, and each long list by its name. Written with the report.
 */
import {
  limits,
  type InspectionReport,
  type PlacedFile,
  type VerdictState,
} from '@lazaret/protocol';
import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';

import type { Database } from '../floor/db/schema.ts';
import { packStorable } from '../floor/storable.ts';
import { toFileRow } from './list-files.ts';
import { leadsToHidden } from './plan-layers.ts';
import { readReport } from './read-report.ts';

const lists = ['findings', 'packages', 'special', 'unowned', 'layers', 'diagnostics'] as const;
const core = 'core';

/** What is stored of an image for policies. */
export interface ImageFacts {
  readonly digest: string;
  readonly platform: string | null;
  readonly inspection: string;
  readonly inspectedAt: Date;
  readonly verdict: VerdictState;
  /** Lists that were not asked for are empty; `files` is absent unless asked for. */
  readonly report: InspectionReport;
}

export async function insertFacts(
  trx: Transaction<Database>,
  image: number,
  report: InspectionReport,
): Promise<void> {
  const rows = splitReport(report).map((row) => ({ image, ...row }));
  await trx
    .insertInto('image_facts')
    .values(rows)
    .onConflict((conflict) => conflict.columns(['image', 'part']).doNothing())
    .execute();
}

interface Part {
  readonly part: string;
  readonly content: string;
}

function splitReport(report: InspectionReport): Part[] {
  const { files: _, ...rest } = report;
  const own: Partial<InspectionReport> = rest;
  const parts = lists.flatMap((part) => {
    const value: unknown = own[part];
    const isEmpty = value === undefined || (Array.isArray(value) && value.length === 0);
    return isEmpty ? [] : [{ part, content: packStorable(value) }];
  });
  const small = Object.fromEntries(
    Object.entries(own).filter(([name]) => !(lists as readonly string[]).includes(name)),
  );
  return [{ part: core, content: packStorable(small) }, ...parts];
}

interface FactsRow {
  readonly id: number;
  readonly digest: string;
  readonly platform: string | null;
  readonly inspection: string;
  readonly inspected_at: Date;
  readonly verdict: VerdictState;
}

/**
 * The images of a project that are stored, by digest.
 *
 * @param names Fields of a report that are needed; the small ones are always there.
 */
export async function readImageFacts(
  database: Kysely<Database> | Transaction<Database>,
  about: { readonly project: string; readonly digests: readonly string[] },
  names: ReadonlySet<string>,
): Promise<ReadonlyMap<string, ImageFacts>> {
  const wanted = [core, ...lists.filter((name) => names.has(name))];
  const { rows } = await sql<FactsRow>`
    select id, digest, platform, inspection, inspected_at, verdict
    from images where project = ${about.project} and digest = any(${[...about.digests]}::text[])
  `.execute(database);
  const parts = await readParts(
    database,
    rows.map(({ id }) => id),
    wanted,
  );
  const found = new Map<string, ImageFacts>();
  for (const row of rows) {
    const own = parts.get(row.id);
    const report = own === undefined ? await splitLate(database, row) : joinParts(own);
    const files = names.has('files') ? await readAllFiles(database, row.id) : undefined;
    found.set(row.digest, {
      ...{ digest: row.digest, platform: row.platform, verdict: row.verdict },
      ...{ inspection: row.inspection, inspectedAt: row.inspected_at },
      report: files === undefined ? report : { ...report, files },
    });
  }
  return found;
}

/** By image, those that have any. */
async function readParts(
  database: Kysely<Database> | Transaction<Database>,
  images: readonly number[],
  names: readonly string[],
): Promise<ReadonlyMap<number, Readonly<Record<string, string>>>> {
  const { rows } = await sql<Part & { readonly image: number }>`
    select image, part, content from image_facts
    where image = any(${[...images]}::bigint[]) and part = any(${[...names]}::text[])
  `.execute(database);
  const found = new Map<number, Record<string, string>>();
  for (const { image, part, content } of rows) {
    const parts = found.get(image) ?? {};
    parts[part] = content;
    found.set(image, parts);
  }
  return found;
}

function joinParts(parts: Readonly<Record<string, string>>): InspectionReport {
  const read = (part: string): unknown => {
    const content = parts[part];
    return content === undefined ? undefined : (JSON.parse(content) as unknown);
  };
  const empty = { findings: [], packages: [], special: [], layers: [], diagnostics: [] };
  const given = lists.flatMap((name) => {
    const value = read(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...empty,
    ...(read(core) as object),
    ...Object.fromEntries(given),
  } as unknown as InspectionReport;
}

/** Reports that were stored by an earlier version are split when they are first needed. */
async function splitLate(
  database: Kysely<Database> | Transaction<Database>,
  { id, digest }: FactsRow,
): Promise<InspectionReport> {
  const report = await readReport(database, { id, digest });
  await sql`
    insert into image_facts (image, part, content)
    select ${id}, part, content
    from json_to_recordset(${JSON.stringify(splitReport(report))}) as p (part text, content text)
    where exists (select from images where id = ${id})
    on conflict do nothing`.execute(database);
  return report;
}

interface PlacedRow extends Selectable<Database['layer_files']> {
  readonly position: number;
  readonly hidden_by: number | null;
}

/** Visible and hidden ones; undefined if they are more than policies look at. */
async function readAllFiles(
  database: Kysely<Database> | Transaction<Database>,
  image: number,
): Promise<PlacedFile[] | undefined> {
  const { rows } = await sql<PlacedRow>`
    select f.*, l.position, h.hidden_by
    from image_layers l
    join layer_files f on f.layer = l.layer
    left join image_hidden h
      on h.image = l.image and h.position = l.position and h.number = f.number
    where l.image = ${image} and not f.implied
    limit ${limits.policyFiles + 1}
  `.execute(database);
  if (rows.length > limits.policyFiles) return undefined;
  return rows.map((row) => {
    const hidden = row.hidden_by === leadsToHidden ? null : row.hidden_by;
    const file = { ...toFileRow(row), layer: row.position };
    return hidden === null ? file : { ...file, hiddenBy: hidden };
  });
}
