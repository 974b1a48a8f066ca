/**
 * Stores a report for a project. Layers come first, each in a separate transaction: they are
 * shared by all images that have them. Then the image in one transaction, replacing earlier
 * data of the same digest, and only while the inspection still belongs to the caller.
 */
import { promisify } from 'node:util';
import { zstdCompress } from 'node:zlib';

import type { Inspection, InspectionReport } from '@lazaret/protocol';
import { sql, type Kysely, type Transaction } from 'kysely';

import { transaction } from '../floor/db/index.ts';
import type { Database } from '../floor/db/schema.ts';
import { appendEvents } from '../floor/events/index.ts';
import { describeReport } from './describe-report.ts';
import { insertFacts } from './image-facts.ts';
import { indexedName, insertNames } from './insert-names.ts';
import { insertLayers, insertRows } from './insert-rows.ts';
import { inspectionLimits } from './limits.ts';
import { planLayers } from './plan-layers.ts';
import { packStorable, storable } from '../floor/storable.ts';

const compress = promisify(zstdCompress);

export interface StoreContext {
  readonly database: Kysely<Database>;
  readonly project: string;
  readonly inspection: string;
  /** Nothing is written once another inspector has claimed it. */
  readonly fence: string;
  /** Identity of tool, scanners and advisories, when the report may be reused. */
  readonly scanConfigDigest: string | undefined;
}

export type StoredImage = Omit<Inspection['images'][number], 'name'>;

/** Thrown when the inspection no longer belongs to the caller. */
export class InspectionLostError extends Error {
  constructor(id: string) {
    super(`the inspection ${id} was taken by another inspector`);
    this.name = 'InspectionLostError';
  }
}

/** Undefined for sources without a digest: a directory, a container. */
export async function storeReport(
  report: InspectionReport,
  context: StoreContext,
): Promise<StoredImage | undefined> {
  const digest = report.image?.manifestDigest ?? report.image?.configDigest;
  if (digest === undefined) return undefined;
  const { database } = context;
  const plans = planLayers(report);
  const layers = await insertLayers(database, plans);
  const { packages, findings } = report;
  await insertNames(
    database,
    'package_names',
    packages.map(({ name }) => indexedName(name)),
  );
  await insertNames(
    database,
    'rule_names',
    findings.map(({ rule }) => indexedName(rule)),
  );
  const { files: _, ...rest } = report;
  const bytes = await compress(Buffer.from(packStorable(rest)));
  const facts = describeReport(report);
  await transaction(database, async (trx) => {
    await lockInspection(trx, context);
    const names = await replaceExisting(trx, { project: context.project, digest, report });
    const { id } = await trx
      .insertInto('images')
      .values({
        ...facts,
        ...{ project: context.project, digest, names, report: bytes },
        ...{ inspection: context.inspection, scan_config_digest: context.scanConfigDigest ?? null },
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    await insertRows(trx, { image: id, layers, plans, report });
    await insertFacts(trx, id, report);
    await appendEvents(trx, [
      {
        type: 'image.inspected',
        subject: digest,
        actor: 'inspector',
        project: context.project,
        data: { name: names[0] ?? '', verdict: facts.verdict, inspection: context.inspection },
      },
    ]);
  });
  return { digest, platform: facts.platform, verdict: report.verdict.state, known: false };
}

/**
 * Locks the inspection's row, so that a cancellation or a successor waits for the end of this
 * transaction.
 */
export async function lockInspection(
  trx: Transaction<Database>,
  { inspection, fence }: Pick<StoreContext, 'inspection' | 'fence'>,
): Promise<void> {
  const row = await trx
    .selectFrom('inspections')
    .select('fence')
    .where('id', '=', inspection)
    .where('state', '=', 'running')
    .forUpdate()
    .executeTakeFirst();
  if (row?.fence !== fence) throw new InspectionLostError(inspection);
}

/** Removes the data of the digest; returns its names with the new ones before them. */
async function replaceExisting(
  trx: Transaction<Database>,
  about: { readonly project: string; readonly digest: string; readonly report: InspectionReport },
): Promise<string[]> {
  const { report, project, digest } = about;
  const before = await trx
    .deleteFrom('images')
    .where('project', '=', project)
    .where('digest', '=', digest)
    .returning('names')
    .executeTakeFirst();
  const names = [
    ...(report.image?.names ?? []),
    report.source.reference,
    ...(before?.names ?? []),
  ].map(storable);
  return [...new Set(names)].slice(0, inspectionLimits.imageNamesKept);
}

/** Removes layers without an image, except those that may be about to get one. */
export async function removeOrphanLayers(database: Kysely<Database>): Promise<void> {
  await sql`
    delete from layers
    where created_at < now() - ${inspectionLimits.orphanLayerMs} * interval '1 millisecond'
      and not exists (select from image_layers where image_layers.layer = layers.id)
  `.execute(database);
}
