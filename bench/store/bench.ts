/**
 * `node bench/store/bench.ts [files]`: storing reports of images with many files, with the function
 * of the inspector. CPU time of the process and of PostgreSQL are printed, since those are what a
 * machine with other work does not change much; and what each statement took of the latter.
 */
import { cpus, release, totalmem } from 'node:os';
import { createHash } from 'node:crypto';

import { buildReport } from '@lazaret/policy/testing';
import type { InspectionReport, PlacedFile } from '@lazaret/protocol';

import { newId } from '../../packages/server/src/floor/ids.ts';
import { storeReport } from '../../packages/server/src/inspection/store-report.ts';
import { createTestDatabase, startTestServer } from '../../packages/server/src/testing/database.ts';
import { findPostmaster, readTreeCpu } from '../support/process-cpu.ts';

const files = Number(process.argv[2] ?? 21_670);
const layers = 5;
const packages = 300;

function hex(algorithm: string, text: string): string {
  return createHash(algorithm).update(text).digest('hex');
}

/** Paths as in /usr: a few thousand directories, names of which a third is in every image. */
function fileOf(salt: string, at: number): Omit<PlacedFile, 'layer'> {
  const directory = `usr/share/area-${at % 40}/package-${salt}-${at % 900}`;
  const name = at % 3 === 0 ? `common-${at % 700}.py` : `file-${salt}-${at}.txt`;
  const text = `${salt} ${at}`;
  return {
    ...{ path: `${directory}/${name}`, type: 'file', mode: 0o644, uid: 0, gid: 0 },
    ...{ sizeBytes: at, mtimeMs: 1_700_000_000_000 + at, kind: 'text' },
    ...{ sha256: hex('sha256', text), sha1: hex('sha1', text), md5: hex('md5', text) },
  };
}

/** @param salts One for each layer: equal ones are equal layers. */
function makeReport(salts: readonly string[]): InspectionReport {
  const { report, problems } = buildReport({
    packages: Array.from({ length: packages }, (_, at) => ({
      ...{ type: 'deb', name: `lib${at}`, version: `1.${at}`, state: 'installed' },
      purl: `pkg:deb/debian/lib${at}@1.${at}`,
    })),
  });
  if (report === undefined) throw new TypeError(problems.join('; '));
  const digest = (salt: string): string => `sha256:${hex('sha256', salt)}`;
  const each = Math.ceil(files / layers);
  return {
    ...report,
    image: { ...report.image, names: [], manifestDigest: digest(salts.join(' ')) },
    layers: salts.map((salt, index) => ({
      ...{ index, diffId: digest(salt), state: 'examined' as const, sizeBytes: 1, files: 1 },
    })) as unknown as InspectionReport['layers'],
    files: salts.flatMap((salt, index) =>
      Array.from({ length: salt.startsWith('small') ? 20 : each }, (_, at) => ({
        ...fileOf(salt, at),
        layer: index,
      })),
    ),
  };
}

const server = await startTestServer();
const database = await createTestDatabase(server.url);
const { db, pool } = database.handle;
const postmaster = await findPostmaster(pool);

async function measure(title: string, report: InspectionReport): Promise<void> {
  const inspection = newId();
  await db
    .insertInto('inspections')
    .values({
      ...{ id: inspection, project: 'default', reference: inspection, platform: 'default' },
      ...{ force: false, state: 'running', fence: 'f', queue_id: crypto.randomUUID() },
      ...{ problem_code: null, problem_detail: null, archive_name: null, archive_bytes: null },
      requested_by: 'bench',
    })
    .execute();
  const before = { cpu: process.cpuUsage(), database: await readTreeCpu(postmaster) };
  const start = performance.now();
  await storeReport(report, {
    ...{ database: db, project: 'default', inspection, fence: 'f', scanConfigDigest: undefined },
  });
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(before.cpu);
  const own = (user + system) / 1e6;
  const other = ((await readTreeCpu(postmaster)) - before.database) / 1_000;
  const cells = [
    ...[title, String(report.files?.length ?? 0), seconds.toFixed(2), own.toFixed(2)],
    ...[other.toFixed(2), (own + other).toFixed(2)],
  ];
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
}

try {
  const machine = `${cpus().length} cores (${cpus()[0]?.model ?? ''}), ${Math.round(totalmem() / 2 ** 30)} GiB`;
  process.stdout.write(
    `# bench/store\n\n${machine}, Linux ${release()}, Node ${process.versions.node}\n\n`,
  );
  process.stdout.write('| report | files | s | CPU s, Node | CPU s, PostgreSQL | CPU s |\n');
  process.stdout.write('|---|--:|--:|--:|--:|--:|\n');
  const own = (name: string) => Array.from({ length: layers }, (_, at) => `${name}${at}`);
  await measure('first, which also compiles', makeReport(own('a')));
  for (const name of ['b', 'd', 'e', 'c']) await measure('another image', makeReport(own(name)));
  await measure('all but a small layer is shared', makeReport([...own('c').slice(0, -1), 'small']));
  await measure('the same again', makeReport(own('c')));
} finally {
  await database.drop();
  await server.stop();
}
