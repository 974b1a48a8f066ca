/**
 * `node bench/search/bench.ts [images]`: the search as the console asks for it, an overview of all
 * kinds, over a database of rows like those of inspections and jobs. Each text is asked for several
 * times through the HTTP API; the slowest and the 95th percentile are what a person notices.
 *
 * Files are 4000 for each layer; a third have names that every image has, others are of few images.
 */
import { cpus, release, totalmem } from 'node:os';

import { limits, plural } from '@lazaret/protocol';

import { artifactSearchable } from '../../packages/server/src/artifacts/search-artifacts.ts';
import type { DatabaseHandle } from '../../packages/server/src/floor/db/index.ts';
import { search } from '../../packages/server/src/inspection/index.ts';
import { imageSearchables } from '../../packages/server/src/inspection/search/searchables.ts';
import { jobSearchable } from '../../packages/server/src/jobs/search-jobs.ts';
import { searchRoutes } from '../../packages/server/src/search/routes.ts';
import { createTestDatabase, startTestServer } from '../../packages/server/src/testing/database.ts';
import { startTestHttp, testPrincipal } from '../../packages/server/src/testing/http-server.ts';
import { prepareJobRows } from '../../packages/server/src/testing/job-rows.ts';

type Pool = DatabaseHandle['pool'];

const images = Number(process.argv[2] ?? 250);
const filesPerLayer = 4_000;
const layersPerInsert = 10;
const packagesPerImage = 300;
const findingsPerImage = 60;
const jobs = 40_000;
const rounds = 9;
const perKind = 5;

const tables = [
  ...['layers', 'layer_files', 'images', 'image_layers', 'image_packages', 'image_findings'],
  ...['file_names', 'package_names', 'rule_names', 'jobs', 'job_inputs', 'artifacts'],
];

const sharedName = 'package.json';
/** Typical queries, and the worst cases for an index. */
const texts = [
  ['a SHA-256', 'SHA256'],
  ['the beginning of a SHA-256', 'SHA256START'],
  ['a name that every image has', sharedName],
  ['a part of very many names', 'file'],
  ['a part of a few names', 'e-4711'],
  ['two characters', 'fi'],
  ['one character', 'f'],
  ['no name has it', 'zzqx'],
  ['a path', '/usr/lib/pkg-10/package.json'],
  ['the end of a path', 'pkg-10/package.json'],
  ['an end that no path has', 'pkg-7/package.json'],
  ['a package', 'libthing29'],
  ['a purl', 'pkg:deb/debian/libthing29'],
  ['a rule', 'Webshell'],
  ['an advisory', 'CVE-2026-1234'],
  ['an image', 'lab/app-17'],
  ['characters of LIKE', '100%_done'],
] as const;

async function fill({ db, pool }: DatabaseHandle): Promise<void> {
  const rows = await prepareJobRows(db);
  const template = await rows.submit({ inputs: [{ sha256: rows.sample, name: 'template' }] });
  await pool.query(`
    insert into layers (diff_id, content, files)
    select 'sha256:' || encode(sha256(n::text::bytea), 'hex'), sha256(n::text::bytea), ${filesPerLayer}
    from generate_series(1, ${images}::integer) n
  `);
  for (let from = 0; from < images; from += layersPerInsert) await fillFiles(pool, from);
  await pool.query(`
    insert into images (project, digest, names, verdict, layer_count, package_count, file_count,
      finding_counts, size_bytes, summary, report, inspection)
    select 'default', diff_id, array['registry.lab/lab/app-' || id || ':1'], 'clean', 1, 1, 1,
      '{0,0,0,0,0}', 1, '{}', '', repeat('0', 16) from layers
  `);
  // Half of the images have the layers of another one below their own, as of a common base.
  await pool.query(`
    insert into image_layers (image, position, layer)
    select images.id, 0, layers.id from images join layers on layers.diff_id = images.digest
    union all
    select images.id, 1, (select min(id) from layers) + images.id % 10 from images
    where images.id % 2 = 0
    on conflict do nothing
  `);
  await pool.query(`
    insert into image_packages (image, number, type, name, purl, hidden, fact)
    select id, n, 'deb', name, purl, false, jsonb_build_object('type', 'deb', 'name', name,
      'version', '1', 'layer', 0, 'purl', purl, 'path', 'var/lib/dpkg/status')
    from (select id, n, 'libthing' || (id * 7 + n) % 3000 as name,
        'pkg:deb/debian/libthing' || (id * 7 + n) % 3000 || '@1' as purl
      from images, generate_series(1, ${packagesPerImage}::integer) n) as packages
  `);
  await pool.query(`
    insert into image_findings (image, number, severity, class, scanner, rule, finding)
    select id, n, 'high', 'malware', 'yara', rule, jsonb_build_object('scanner', 'yara', 'class',
      'malware', 'severity', 'high', 'rule', rule, 'title', 'evil', 'path', 'opt/x', 'layer', 0)
    from (select id, n, case when n % 6 = 0 then 'Webshell_' || n % 50
        else 'CVE-2026-' || 1000 + (id + n * 13) % 2000 end as rule
      from images, generate_series(1, ${findingsPerImage}::integer) n) as findings
  `);
  await pool.query(`insert into file_names (name) select distinct regexp_replace(path, '^.*/', '')
    from layer_files on conflict do nothing`);
  await pool.query(`insert into package_names (name) select distinct name from image_packages
    on conflict do nothing`);
  await pool.query(`insert into rule_names (name) select distinct rule from image_findings
    on conflict do nothing`);
  await fillJobs(pool, template);
  for (const table of tables) await pool.query(`vacuum analyze ${table}`);
}

/** The files of a few layers, within the time limit of a statement. */
async function fillFiles(pool: Pool, from: number): Promise<void> {
  await pool.query(`
    insert into layer_files (layer, number, parent, path, type, implied, has_children, mode, uid,
      gid, size_bytes, mtime_ms, sha256, sha1, md5)
    select id, n, 0, 'usr/lib/pkg-' || n % 300 || '/' || case n % 10 when 0 then '${sharedName}'
        when 1 then 'index.js' when 2 then '__init__.py'
        else 'file-' || (id * 7919 + n * 31) % 60000 || '.so' end,
      'file', false, false, 420, 0, 0, n, 0, digest, substring(digest for 20), substring(digest for 16)
    from (select l.id, n, sha256(((case when n % 10 < 3 then 0 else l.id end) || '/' || n)::bytea)
      as digest from (select id from layers order by id limit ${layersPerInsert} offset ${from}) as l,
        generate_series(1, ${filesPerLayer}::integer) n) as files
  `);
}

/** Copies of one job, with an artifact of its own as the input of each. */
async function fillJobs(pool: Pool, template: string): Promise<void> {
  const { rows } = await pool.query<{ name: string }>(`
    select column_name as name from information_schema.columns
    where table_name = 'jobs' and column_name not in ('id', 'idempotency_key')
      and is_generated = 'NEVER'
  `);
  const columns = rows.map(({ name }) => `"${name}"`).join(', ');
  await pool.query(`
    insert into jobs (id, ${columns})
    select lpad(to_hex(n), 16, '0'), ${columns}
    from jobs, generate_series(1, ${jobs}::integer) n where id = '${template}'
  `);
  await pool.query(`
    insert into blobs (sha256, size_bytes)
    select encode(sha256(('blob' || n)::bytea), 'hex'), n from generate_series(1, ${jobs}::integer) n
  `);
  await pool.query(`
    insert into artifacts (project, sha256, name, created_by)
    select 'default', encode(sha256(('blob' || n)::bytea), 'hex'), 'file-' || n || '.bin', 'bench'
    from generate_series(1, ${jobs}::integer) n
  `);
  await pool.query(`
    insert into job_inputs (job, position, name, sha256)
    select lpad(to_hex(n), 16, '0'), 0, 'file-' || n || '.bin',
      encode(sha256(('blob' || n)::bytea), 'hex')
    from generate_series(1, ${jobs}::integer) n
  `);
}

interface Measured {
  readonly what: string;
  readonly hits: string;
  readonly times: readonly number[];
}

async function measure(url: string, what: string, text: string): Promise<Measured> {
  const times: number[] = [];
  let hits = '';
  for (let round = 0; round < rounds; round += 1) {
    const begin = performance.now();
    const query = new URLSearchParams({ text, perKind: String(perKind) });
    const answer = await fetch(`${url}/api/v1/search?${query.toString()}`, {
      headers: { authorization: 'Bearer token' },
    });
    const body = (await answer.json()) as { groups: { count: number; isMore: boolean }[] };
    times.push(performance.now() - begin);
    if (!answer.ok) throw new Error(JSON.stringify(body));
    const count = body.groups.reduce((sum, group) => sum + group.count, 0);
    hits = `${count}${body.groups.some(({ isMore }) => isMore) ? '+' : ''}`;
  }
  return { what, hits, times };
}

function percentile(times: readonly number[], part: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? 0;
}

const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const format = (ms: number): string => ms.toFixed(ms < 10 ? 1 : 0);

const server = await startTestServer();
try {
  const database = await createTestDatabase(server.url);
  const { db, pool } = database.handle;
  await fill(database.handle);
  const viewer = testPrincipal('bench', [{ role: 'administrator', project: null }]);
  const searchables = [...imageSearchables(db), ...[jobSearchable(db), artifactSearchable(db)]];
  const http = await startTestHttp(
    searchRoutes({
      searchables: () => searchables,
      searchByField: (scope, query) => search(db, scope, query),
    }),
    new Map([['token', viewer]]),
  );
  const { rows } = await pool.query<{ sha256: string }>(`
    select encode(sha256, 'hex') as sha256 from layer_files limit 1 offset 12345
  `);
  const sha256 = rows[0]?.sha256 ?? '';
  const [cpu] = cpus();
  say(`# bench/search\n`);
  say(
    `${cpus().length} cores (${cpu?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, ` +
      `Linux ${release()}, Node ${process.versions.node}; ${plural(images, 'image')}, ` +
      `${images * filesPerLayer} files, ${jobs} jobs; ${rounds} rounds\n`,
  );
  say(`Counts end at ${limits.searchCountMax} of a kind (+).\n`);
  say('| text | hits | first ms | median ms | p95 ms |\n|---|--:|--:|--:|--:|');
  const all: number[] = [];
  for (const [what, given] of texts) {
    const text =
      given === 'SHA256' ? sha256 : given === 'SHA256START' ? sha256.slice(0, 12) : given;
    const { hits, times } = await measure(http.url, what, text);
    all.push(...times);
    const columns = [times[0] ?? 0, percentile(times, 0.5), percentile(times, 0.95)].map(format);
    say(`| ${what}: \`${text.slice(0, 30)}\` | ${hits} | ${columns.join(' | ')} |`);
  }
  const total = [percentile(all, 0.5), percentile(all, 0.95), percentile(all, 1)].map(format);
  say(`\nAll: median ${total[0]} ms, p95 ${total[1]} ms, slowest ${total[2]} ms.`);
  await http.close();
  await database.drop();
} finally {
  await server.stop();
}
