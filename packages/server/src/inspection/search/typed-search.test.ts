/** The search and its storage: on one database, with many rows. */
import type { FileRow, InspectionReport, PlacedFile } from '@lazaret/protocol';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { findImage } from '../read-images.ts';
import { planSearch, search } from './typed-search.ts';
import { removeOrphanLayers, storeReport } from '../store-report.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  await database.handle.db
    .insertInto('inspections')
    .values({
      ...{ id: '0'.repeat(16), project: 'default', reference: 'x', platform: 'default' },
      ...{ force: false, state: 'running', fence: 'held', requested_by: 'alice' },
      queue_id: '00000000-0000-4000-8000-000000000000',
    })
    .execute();
});
afterAll(() => database.drop());

const hex = (chars: number, number: number): string => number.toString(16).padStart(chars, '0');

function fileAt(number: number, folder: string): PlacedFile {
  const row: FileRow = {
    path: `${folder}/${number % 100}/file-${number}`,
    ...{ type: 'file', mode: 0o644, uid: 0, gid: 0, sizeBytes: number, mtimeMs: 0 },
    ...{ sha256: hex(64, number), sha1: hex(40, number), md5: hex(32, number) },
  };
  return { ...row, layer: 0 };
}

function packageAt(number: number): InspectionReport['packages'][number] {
  const name = number === 0 ? 'bash' : `name-${number}`;
  return {
    ...{ kind: 'package', type: 'deb', name, version: '5', purl: `pkg:deb/debian/${name}@5` },
    ...{ foundBy: 'database', state: 'installed', path: 'var/lib/dpkg/status', layer: 0 },
  };
}

function reportOf(digest: number, files: PlacedFile[]): InspectionReport {
  return {
    schema: 'lazaret-inspection/2',
    tool: { name: 'lazaret', version: '0' },
    source: { kind: 'registry', reference: `lab/image-${digest}:1` },
    image: { names: [`lab/image-${digest}:1`], manifestDigest: `sha256:${hex(64, digest)}` },
    layers: [{ index: 0, diffId: `sha256:${hex(64, 7)}`, files: files.length, state: 'examined' }],
    packages: Array.from({ length: 2_000 }, (_, number) => packageAt(number)),
    ...{ users: [], passwords: [], groups: [], diagnostics: [], special: [], files },
    findings: [
      {
        ...{
          scanner: 'yara',
          class: 'malware',
          severity: 'high',
          rule: 'Lab_Rule',
          title: 'a rule',
        },
        ...{ signatures: '1', layer: 0, path: files[0]?.path ?? '' },
      },
    ],
    coverage: {
      ...{ complete: true, files: files.length, bytes: 0, scanners: [], gaps: [], gapCount: 0 },
      layers: { listed: 1, examined: 1, cached: 0, partial: 0, missing: 0 },
    },
    verdict: { state: 'malicious', reasons: [] },
    fingerprint: hex(64, digest),
  };
}

function store(report: InspectionReport): Promise<unknown> {
  const { db } = database.handle;
  const context = {
    project: 'default',
    inspection: '0'.repeat(16),
    fence: 'held',
    scanConfigDigest: 'x',
  };
  return storeReport(report, { database: db, ...context });
}

async function count(table: 'layers' | 'layer_files' | 'images'): Promise<number> {
  const { rows } = await sql<{
    count: number;
  }>`select count(*)::int as count from ${sql.table(table)}`.execute(database.handle.db);
  return rows[0]?.count ?? 0;
}

test('twenty thousand files are stored, and shared by their images', async () => {
  const files = Array.from({ length: 20_000 }, (_, number) => fileAt(number, 'srv/data'));
  await store(reportOf(1, files));
  await store(reportOf(2, files.toReversed()));
  expect(await count('layers')).toBe(1);
  expect(await count('layer_files')).toBe(20_000 + 102);
  expect(await count('images')).toBe(2);
});

test.each([
  ['sha256', { sha256: hex(64, 19_999) }],
  ['sha1', { sha1: hex(40, 19_999) }],
  ['md5', { md5: hex(32, 19_999) }],
  ['path', { path: 'srv/data/99/file-19999' }],
  ['path from the root', { path: '/srv/data/99/file-19999' }],
  ['path as tar writes it', { path: './srv/data/99/file-19999' }],
])('files by %s are found in both images, page by page', async (_, query) => {
  const { db } = database.handle;
  const first = await search(db, 'all', { ...query, limit: 1 });
  expect(first.items).toMatchObject([
    { image: `sha256:${hex(64, 2)}`, file: { sizeBytes: 19_999 } },
  ]);
  const cursor = first.next ?? '';
  const second = await search(db, 'all', { ...query, limit: 1, cursor });
  expect(second).toMatchObject({ items: [{ image: `sha256:${hex(64, 1)}` }], next: null });
  expect((await search(db, ['other'], { ...query, limit: 1 })).items).toEqual([]);
});

test.each([
  ['sha256', { sha256: hex(64, 19_999) }],
  ['sha1', { sha1: hex(40, 19_999) }],
  ['md5', { md5: hex(32, 19_999) }],
  ['the prefix of a path', { path: 'srv/data/99/file-999' }],
  ['the name of a package', { package: 'bash' }],
  ['a purl', { package: 'pkg:deb/debian/bash' }],
  ['a rule', { rule: 'Lab_Rule' }],
])('the search by %s does not scan a table', async (_, query) => {
  const { db, pool } = database.handle;
  await sql`analyze`.execute(db);
  for (const scope of ['all', ['default']] as const) {
    const { plan: planned } = planSearch(scope, { ...query, limit: 50 });
    const compiled = planned.statement(51, undefined).compile(db);
    const client = await pool.connect();
    try {
      // Small tables are scanned by choice of the planner; the test checks that an index exists.
      await client.query('begin');
      await client.query('set local enable_seqscan = off');
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(
        `explain ${compiled.sql}`,
        compiled.parameters as unknown[],
      );
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      expect(plan).not.toContain('Seq Scan');
      expect(plan).toMatch(
        /(layer_files|image_packages|image_findings)_(sha256|sha1|md5|path|name|purl|rule)/,
      );
    } finally {
      await client.query('rollback');
      client.release();
    }
  }
});

test.each([
  ['no field', {}, 'received none', ['text']],
  ['two fields', { path: 'a', rule: 'b' }, 'received path, rule', ['path', 'rule']],
])('a search by %s is refused with the list of fields', async (_, query, got, paths) => {
  const message = `expected exactly one of text, sha256, sha1, md5, path, package, rule; ${got}`;
  await expect(search(database.handle.db, 'all', { ...query, limit: 1 })).rejects.toMatchObject({
    code: 'invalid_request',
    message,
    fields: paths.map((name) => ({ path: `query.${name}`, message })),
  });
});

test('names that PostgreSQL cannot store are stored with replacements', async () => {
  const odd = { ...fileAt(1, 'srv/odd'), path: 'srv/odd/nul\0and\ud800half', rawPath: 'x\0' };
  const long = { ...fileAt(2, 'srv/odd'), path: `srv/odd/${'long/'.repeat(600)}end`, uid: 2 ** 70 };
  await store(reportOf(3, [odd, long]));
  const { db } = database.handle;
  const { items } = await search(db, 'all', { path: 'srv/odd/', limit: 10 });
  expect(items.map(({ path }) => path?.length)).toEqual([expect.any(Number), expect.any(Number)]);
  const exact = await search(db, 'all', { path: long.path, limit: 10 });
  expect(exact.items).toMatchObject([{ path: long.path }]);
});

test('a layer without an image is removed after a while, one with an image is kept', async () => {
  const { db } = database.handle;
  await db
    .deleteFrom('images')
    .where('digest', '=', `sha256:${hex(64, 3)}`)
    .execute();
  await removeOrphanLayers(db);
  expect(await count('layers')).toBe(2);
  await sql`update layers set created_at = now() - interval '1 day'`.execute(db);
  await removeOrphanLayers(db);
  expect(await count('layers')).toBe(1);
  const { rows } = await sql`
    select from layer_files where layer not in (select id from layers)`.execute(db);
  expect(rows).toEqual([]);
});

test('the prefix of a digest identifies an image while it is unambiguous', async () => {
  const { db } = database.handle;
  const find = (digest: string) => findImage(db, 'all', { digest });
  const [one, other] = [`sha256:abcdef0${'0'.repeat(57)}`, `sha256:abcdef1${'0'.repeat(57)}`];
  for (const [at, digest] of [one, other].entries()) {
    const report = reportOf(at + 50, [fileAt(1, 'start')]);
    await store({ ...report, image: { names: [], manifestDigest: digest } });
  }
  expect((await find('sha256:abcdef0')).digest).toBe(one);
  expect((await find(other)).digest).toBe(other);
  await expect(find('sha256:abcdef')).rejects.toMatchObject({
    code: 'invalid_request',
    message: expect.stringContaining(`several digests: ${other}, ${one}`) as string,
  });
  await expect(find('sha256:abcdef2')).rejects.toMatchObject({ code: 'not_found' });
  await expect(find('sha256:abc_ef')).rejects.toMatchObject({ code: 'not_found' });
});
