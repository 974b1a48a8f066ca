/** The search by any text: every statement goes along an index, and finds parts of names. */
import { detectSearchTerm, type SearchHit } from '@lazaret/protocol';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import type { Principal } from '../../floor/principal.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { indexedName, insertNames, lastComponent } from '../insert-names.ts';
import { findImage } from '../read-images.ts';
import { imageSearchables } from './searchables.ts';

const layers = 20;
const filesPerLayer = 2_000;
let database: TestDatabase;

const everybody: Principal = {
  ...{ kind: 'token', name: 'tester', displayName: 'tester', csrf: null },
  grants: [{ role: 'administrator', project: null }],
  ...{ onlyPermissions: null, onlyProject: null },
};

/** Rows as inspections write them, made by the database: `app/D/module-N.js`, and one `evil.so`. */
beforeAll(async () => {
  database = await createTestDatabase(inject('databaseUrl'));
  const { db } = database.handle;
  await sql`
    insert into layers (diff_id, content, files)
    select 'sha256:' || encode(sha256(n::text::bytea), 'hex'), sha256(n::text::bytea), ${filesPerLayer}
    from generate_series(1, ${layers}::integer) n
  `.execute(db);
  await sql`
    insert into layer_files (layer, number, parent, path, type, implied, has_children, mode, uid,
      gid, size_bytes, mtime_ms, sha256, sha1, md5)
    select l.id, n, 0, case when n = 7 then 'opt/lib/evil.so'
        else 'app/' || n % 50 || '/module-' || n || '.js' end,
      'file', false, false, 420, 0, 0, n, 0, sha256((l.id || '/' || n)::bytea),
      substring(sha256((l.id || '/' || n)::bytea) for 20), decode(md5(l.id || '/' || n), 'hex')
    from layers l, generate_series(1, ${filesPerLayer}::integer) n
  `.execute(db);
  await sql`
    insert into images (project, digest, names, verdict, layer_count, package_count, file_count,
      finding_counts, size_bytes, summary, report, inspection)
    select 'default', diff_id, array['lab/app-' || id || ':1'], 'clean', 1, 1, 1, '{0,0,0,0,0}', 1,
      '{}', '', repeat('0', 16)
    from layers
  `.execute(db);
  await sql`
    insert into image_layers (image, position, layer)
    select images.id, 0, layers.id from images join layers on layers.diff_id = images.digest
  `.execute(db);
  await sql`
    insert into image_packages (image, number, type, name, purl, hidden, fact)
    select id, n, 'deb', 'libthing' || n, 'pkg:deb/debian/libthing' || n || '@1', false,
      jsonb_build_object('type', 'deb', 'name', 'libthing' || n, 'version', '1', 'layer', 0,
        'purl', 'pkg:deb/debian/libthing' || n || '@1', 'path', 'var/lib/dpkg/status')
    from images, generate_series(1, 300) n
  `.execute(db);
  await sql`
    insert into image_findings (image, number, severity, class, scanner, rule, finding)
    select id, 0, 'high', 'malware', 'yara', 'Evil_Library', jsonb_build_object('scanner', 'yara',
      'class', 'malware', 'severity', 'high', 'rule', 'Evil_Library', 'title', 'evil',
      'path', 'opt/lib/evil.so', 'layer', 0, 'sha256', encode(sha256('x'), 'hex'))
    from images
  `.execute(db);
  const names = Array.from({ length: filesPerLayer }, (_, at) => `app/0/module-${at + 1}.js`);
  await insertNames(db, 'file_names', [...names, 'opt/lib/evil.so'].map(lastComponent));
  const packages = Array.from({ length: 300 }, (_, at) => indexedName(`libthing${at + 1}`));
  await insertNames(db, 'package_names', packages);
  await insertNames(db, 'rule_names', ['Evil_Library']);
  await sql`analyze`.execute(db);
}, 120_000);
afterAll(() => database.drop());

async function find(kind: SearchHit['kind'], text: string, limit = 500): Promise<SearchHit[]> {
  const searchable = imageSearchables(database.handle.db).find((each) => each.kind === kind);
  const term = detectSearchTerm(text);
  const items: SearchHit[] = [];
  let cursor: string | undefined;
  do {
    const ask = { term, project: undefined, limit, cursor };
    const page = await searchable?.list(everybody, ask);
    items.push(...(page?.items ?? []));
    cursor = page?.next ?? undefined;
  } while (cursor !== undefined);
  return items;
}

test('a part of a file name finds every image that has it, and a page never repeats a hit', async () => {
  const all = await find('file', 'evil');
  expect(all).toHaveLength(layers);
  expect(new Set(all.map(({ image }) => image)).size).toBe(layers);
  expect(await find('file', 'evil', 3)).toEqual(all);
  expect(await find('file', 'EVIL.s')).toEqual(all);
});

test('the name that is equal to the text comes before longer ones', async () => {
  const found = await find('file', 'module-1.js', 7);
  expect(found.slice(0, layers).every(({ path }) => path === 'app/1/module-1.js')).toBe(true);
});

test('a part of a path with slashes is found by its last component', async () => {
  expect(await find('file', 'lib/evil')).toHaveLength(layers);
  expect(await find('file', 'other/evil')).toEqual([]);
});

test('texts below three characters are beginnings of names', async () => {
  expect(await find('file', 'ev')).toHaveLength(layers);
  expect(await find('file', 'vi')).toEqual([]);
});

test('characters that LIKE knows mean themselves', async () => {
  expect(await find('file', 'ev%l.so')).toEqual([]);
  expect(await find('file', 'module_1')).toEqual([]);
  expect(await find('finding', 'evil_lib')).toHaveLength(layers);
});

test('packages and findings are found by part of a name, images by name and digest', async () => {
  expect(await find('package', 'thing299')).toHaveLength(layers);
  expect(await find('package', 'pkg:deb/debian/libthing7')).toHaveLength(layers);
  expect(await find('finding', 'library', 4)).toHaveLength(layers);
  expect(await find('image', 'app-7:1')).toHaveLength(1);
  const [image] = await find('image', 'app-7:1');
  expect(await find('image', image?.id ?? '')).toEqual([image]);
  expect(await find('image', image?.id.slice(0, 20) ?? '')).toEqual([image]);
});

test.each(['digest', 'other'])(
  'the beginning of several digests is refused and names the parameter %s of the path',
  async (field) => {
    const found = findImage(database.handle.db, 'all', { digest: 'sha256:', field });
    await expect(found).rejects.toMatchObject({
      code: 'invalid_request',
      fields: [{ path: `path.${field}` }],
    });
  },
);

test('results of a project that is not visible are not found', async () => {
  const grants = [{ role: 'viewer', project: 'other' }] as const;
  const stranger = { ...everybody, grants };
  for (const searchable of imageSearchables(database.handle.db)) {
    const term = detectSearchTerm('evil');
    const sample = await searchable.sample(stranger, { term, project: undefined, limit: 5 });
    expect(sample).toEqual({ items: [], count: 0, isMore: false });
  }
});

test.each([
  ['file', 'evil'],
  ['file', 'lib/evil'],
  ['file', 'a1b2c3d4'],
  ['file', '/opt/lib/ev'],
  ['package', 'thing29'],
  ['finding', 'library'],
] as const)(
  'the search for a %s by "%s" reads no table of files or facts from end to end',
  async (kind, text) => {
    const { db, pool } = database.handle;
    const searchable = imageSearchables(db).find((each) => each.kind === kind);
    const ask = { term: detectSearchTerm(text), project: undefined, limit: 5 };
    const statements = searchable?.statements(everybody, ask) ?? [];
    const queries = statements.map((statement) => statement.compile(db));
    expect(queries.length).toBeGreaterThan(0);
    const client = await pool.connect();
    try {
      await client.query('begin');
      await client.query('set local enable_seqscan = off');
      for (const query of queries) {
        const { rows } = await client.query<{ 'QUERY PLAN': string }>(
          `explain ${query.sql}`,
          query.parameters as unknown[],
        );
        const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
        expect(plan).not.toMatch(
          /Seq Scan on (layer_files|file_names|package_names|rule_names|image_)/,
        );
      }
    } finally {
      await client.query('rollback');
      client.release();
    }
  },
);
