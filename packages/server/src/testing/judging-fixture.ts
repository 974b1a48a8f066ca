/** Arrivals with real reports for tests and benchmarks of decisions, without any registry. */
import { createHash } from 'node:crypto';

import { buildReport } from '@lazaret/policy/testing';
import { judge, type VerdictState } from '@lazaret/protocol';
import type { Kysely } from 'kysely';

import type { Database } from '../floor/db/index.ts';
import { newId } from '../floor/ids.ts';
import { storeReport } from '../inspection/store-report.ts';

/** Parts of a report; everything else is that of an image that was fully examined and is clean. */
export type ReportParts = Readonly<Record<string, unknown>>;

export interface ArrivalRequest {
  readonly repository?: string;
  readonly tag?: string;
  /** Of the image, or of each platform of an index; none if the inspection failed. */
  readonly images?: readonly ReportParts[];
  readonly failure?: { readonly code: string; readonly detail: string };
}

export interface JudgingFixture {
  readonly registry: string;
  /** Stores reports and a settled arrival of them; answers the arrival and its digest. */
  arrive(request?: ArrivalRequest): Promise<{ readonly id: string; readonly digest: string }>;
  /** Stores a report, replacing that of the same digest. */
  store(digest: string, parts: ReportParts): Promise<string>;
}

/** `malicious` as the product would say it of an infected image. */
export const infected: ReportParts = {
  findings: [
    { class: 'malware', severity: 'critical', rule: 'Eicar-Test', path: 'usr/bin/x', layer: 0 },
  ],
};

export async function createJudgingFixture(database: Kysely<Database>): Promise<JudgingFixture> {
  const registry = newId();
  await database
    .insertInto('registries')
    .values({
      ...{ id: registry, project: 'default', name: 'lab', address: 'lab.example.test' },
      ...{ source: 'api', enabled: false, settings: '{}', created_by: 'ana', fence: null },
      ...{ problem_code: null, problem_detail: null },
    })
    .execute();
  let made = 0;
  const nextDigest = (): string => {
    made += 1;
    return `sha256:${createHash('sha256').update(`${registry} ${made}`).digest('hex')}`;
  };
  return {
    registry,
    store: (digest, parts) => inspect(database, [{ digest, parts }]),
    async arrive({ repository = 'lab/app', tag = '1', images = [{}], failure } = {}) {
      const digest = nextDigest();
      const several = images.length > 1;
      const listed = images.map((parts) => ({ digest: several ? nextDigest() : digest, parts }));
      const inspection = await inspect(database, listed);
      const id = newId();
      await database
        .insertInto('registry_tags')
        .values({
          ...{ registry, repository, tag, digest, present: true, arrival: id, media_type: null },
          ...{ problem_code: null, problem_detail: null },
        })
        .onConflict((row) => row.columns(['registry', 'repository', 'tag']).doUpdateSet({ digest }))
        .execute();
      await database
        .insertInto('arrivals')
        .values({
          ...{ id, project: 'default', registry, repository, tag, digest, source: 'poll' },
          ...{ state: failure === undefined ? 'inspected' : 'failed', priority: 20 },
          ...{ inspections: [inspection], settled_at: new Date(), media_type: null },
          ...{ event_id: null, actor: null, verdict: null, decision: null, action: null },
          ...{ problem_code: failure?.code ?? null, problem_detail: failure?.detail ?? null },
        })
        .execute();
      return { id, digest };
    },
  };
}

/** An inspection that has finished, with its reports. */
async function inspect(
  database: Kysely<Database>,
  images: readonly { readonly digest: string; readonly parts: ReportParts }[],
): Promise<string> {
  const inspection = newId();
  await database
    .insertInto('inspections')
    .values({
      ...{ id: inspection, project: 'default', reference: inspection, platform: 'default' },
      ...{ force: false, state: 'running', fence: 'f', queue_id: crypto.randomUUID() },
      ...{ problem_code: null, problem_detail: null, archive_name: null, archive_bytes: null },
      requested_by: 'watcher',
    })
    .execute();
  for (const [position, { digest, parts }] of images.entries()) {
    const verdict = await store(database, { inspection, digest, parts });
    await database
      .insertInto('inspection_images')
      .values({ inspection, position, digest, platform: null, verdict, known: false })
      .execute();
  }
  await database
    .updateTable('inspections')
    .set({ state: 'finished' })
    .where('id', '=', inspection)
    .execute();
  return inspection;
}

async function store(
  database: Kysely<Database>,
  { inspection, digest, parts }: { inspection: string; digest: string; parts: ReportParts },
): Promise<VerdictState> {
  const { report, problems } = buildReport(parts);
  if (report === undefined) throw new TypeError(problems.join('; '));
  const image = { ...report.image, names: [], manifestDigest: digest };
  const stored = await storeReport(
    { ...report, image, verdict: judge(report.findings, report.coverage) },
    { database, project: 'default', inspection, fence: 'f', scanConfigDigest: undefined },
  );
  if (stored === undefined) throw new Error('the report was not stored');
  return stored.verdict;
}
