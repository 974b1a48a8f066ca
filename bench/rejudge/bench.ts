/**
 * `node bench/rejudge/bench.ts [images]`: judging stored images again after a change of a policy,
 * in a database like that of a server, with the functions of its loops. Goal: 1,000 images/s.
 *
 * Every image has 150 packages and 40 vulnerabilities, every tenth also a finding of malware.
 */
import { cpus, release, totalmem } from 'node:os';

import { limits, plural } from '@lazaret/protocol';

import type { DatabaseHandle } from '../../packages/server/src/floor/db/index.ts';
import {
  decideArrivals,
  type JudgingParts,
} from '../../packages/server/src/policies/decide-arrivals.ts';
import { builtInPolicy } from '../../packages/server/src/policies/default-policy.ts';
import { PolicySets } from '../../packages/server/src/policies/policy-set.ts';
import { previewPolicy } from '../../packages/server/src/policies/preview.ts';
import { readDecisionInForce } from '../../packages/server/src/policies/read-decisions.ts';
import { readRejudge, rejudgeBatch } from '../../packages/server/src/policies/rejudge.ts';
import { applyPolicy } from '../../packages/server/src/policies/store-policies.ts';
import { createTestDatabase, startTestServer } from '../../packages/server/src/testing/database.ts';
import {
  createJudgingFixture,
  type ReportParts,
} from '../../packages/server/src/testing/judging-fixture.ts';
import { findPostmaster, readTreeCpu } from '../support/process-cpu.ts';

const images = Number(process.argv[2] ?? 10_000);
const goalPerSecond = 1_000;
const kinds = 50;
const packages = 150;
const vulnerabilities = 40;
const project = 'default';
const actor = 'bench';

function reportOf(kind: number): ReportParts {
  const severities = ['critical', 'high', 'medium', 'low'];
  const malware = {
    ...{ class: 'malware', severity: 'critical', scanner: 'clamav', rule: `Trojan-${kind}` },
    ...{ title: 'a trojan', path: 'usr/bin/x', layer: 3, sha256: 'a'.repeat(64) },
  };
  return {
    packages: Array.from({ length: packages }, (_, at) => ({
      ...{ type: 'deb', name: `lib${at}`, version: `1.${kind}.${at}`, layer: 0 },
      ...{ purl: `pkg:deb/debian/lib${at}@1.${kind}.${at}`, state: 'installed' },
      path: 'var/lib/dpkg/status',
    })),
    findings: [
      ...Array.from({ length: vulnerabilities }, (_, at) => ({
        ...{ class: 'vulnerability', severity: severities[at % 4], scanner: 'vulnerabilities' },
        ...{ rule: `CVE-2026-${kind}${at}`, title: `a vulnerability of lib${at}` },
        ...{ purl: `pkg:deb/debian/lib${at}@1.${kind}.${at}`, path: 'var/lib/dpkg/status' },
        evidence: { installed: `1.${kind}.${at}`, fixed: at % 3 === 0 ? '2.0' : '', score: 7.5 },
      })),
      ...(kind % 10 === 0 ? [malware] : []),
    ],
    users: ['root', 'daemon', 'app'].map((name, uid) => ({ name, uid, password: 'locked' })),
  };
}

/** A few real reports, and rows that repeat them. */
async function fill({ db, pool }: DatabaseHandle): Promise<void> {
  const lab = await createJudgingFixture(db);
  for (let kind = 0; kind < kinds; kind += 1) {
    await lab.arrive({ repository: `lab/kind-${kind}`, images: [reportOf(kind)] });
  }
  // One connection, which has the temporary table.
  const client = await pool.connect();
  await client.query(`
    create temporary table copies as
      select image.id as image, a.registry, a.repository || '-' || n as repository,
        'sha256:' || encode(sha256((image.digest || n)::bytea), 'hex') as digest,
        lpad(n::text || lpad(image.id::text, 6, '0'), 16, '0') as arrival
      from images image join arrivals a on a.digest = image.digest,
        generate_series(1, ${Math.ceil(images / kinds) - 1}) n`);
  await client.query(`
    insert into images (project, digest, names, platform, distribution, verdict, layer_count,
      package_count, file_count, finding_counts, size_bytes, summary, report, inspection)
    select project, c.digest, names, platform, distribution, verdict, layer_count, package_count,
      file_count, finding_counts, size_bytes, summary, report, i.inspection
    from copies c join images i on i.id = c.image`);
  await client.query(`
    insert into image_facts (image, part, content)
    select i.id, f.part, f.content from copies c join images i on i.digest = c.digest
    join image_facts f on f.image = c.image`);
  await client.query(`
    insert into inspections (id, project, reference, platform, force, state, queue_id, requested_by)
    select arrival, 'default', arrival, 'default', false, 'finished', gen_random_uuid(), 'bench'
    from copies`);
  await client.query(`
    insert into inspection_images (inspection, position, digest, verdict, known)
    select arrival, 0, digest, 'clean', false from copies`);
  await client.query(`
    insert into registry_tags (registry, repository, tag, digest, present)
    select registry, repository, '1', digest, true from copies`);
  await client.query(`
    insert into arrivals (id, project, registry, repository, tag, digest, source, priority, state,
      inspections, settled_at)
    select arrival, 'default', registry, repository, '1', digest, 'poll', 20, 'inspected',
      array[arrival], now() from copies`);
  await client.query('analyze');
  client.release();
}

interface Measurement {
  readonly title: string;
  readonly images: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Of PostgreSQL. */
  readonly databaseSeconds: number;
  readonly changed?: number;
}

async function measure(
  title: string,
  work: () => Promise<{ readonly images: number; readonly changed?: number }>,
): Promise<Measurement> {
  const cpu = process.cpuUsage();
  const databaseMs = await readTreeCpu(postmaster);
  const start = performance.now();
  const done = await work();
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const databaseSeconds = ((await readTreeCpu(postmaster)) - databaseMs) / 1_000;
  const cpuSeconds = (user + system) / 1e6;
  const measurement = { title, ...done, seconds, cpuSeconds, databaseSeconds };
  print(measurement);
  return measurement;
}

/**
 * The last column is the bound of a quiet machine: process and database work in turns, so an image
 * takes the CPU time of both.
 */
function print(measurement: Measurement): void {
  const { title, images: done, seconds, cpuSeconds, databaseSeconds, changed } = measurement;
  const rate = done / seconds;
  const perImage = (cpu: number): string => ((cpu * 1_000) / done).toFixed(2);
  const cells = [
    title,
    ...[String(done), String(changed ?? ''), rate.toFixed(0), (rate / goalPerSecond).toFixed(2)],
    ...[perImage(cpuSeconds), perImage(databaseSeconds)],
    (done / (cpuSeconds + databaseSeconds)).toFixed(0),
  ];
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
}

async function rejudge(parts: JudgingParts, document: string) {
  await applyPolicy(parts.database, { project, document, actor });
  while ((await rejudgeBatch(parts)) !== undefined);
  const { judged, changed } = await readRejudge(parts.database, project);
  return { images: judged, changed };
}

const server = await startTestServer();
const database = await createTestDatabase(server.url);
const postmaster = await findPostmaster(database.handle.pool);
try {
  const { db } = database.handle;
  const parts: JudgingParts = { database: db, sets: new PolicySets(), now: Date.now };
  await fill(database.handle);
  const memory = Math.round(totalmem() / 2 ** 30);
  const machine = `${cpus().length} cores (${cpus()[0]?.model ?? ''}), ${memory} GiB`;
  const system = `Linux ${release()}, Node ${process.versions.node}`;
  process.stdout.write(`${machine}, ${system}; ${plural(images, 'image')}\n\n`);
  const columns = ['what', 'images', 'changed', 'images/s', 'of the goal', 'CPU ms, Node'];
  process.stdout.write(`| ${[...columns, 'CPU ms, PostgreSQL', 'images/CPU s'].join(' | ')} |\n`);
  process.stdout.write('|---|--:|--:|--:|--:|--:|--:|--:|\n');
  await measure('first decisions about arrivals', async () => {
    let decided = 0;
    for (let batch = 1; batch > 0; decided += batch) batch = (await decideArrivals(parts)).length;
    return { images: decided };
  });
  const { document } = builtInPolicy();
  await measure('the same policy in another version', () => rejudge(parts, `${document}# 1\n`));
  const malware = document.replace(
    'block: { enabled: true, dryRun: true',
    'block: { enabled: true, dryRun: false',
  );
  await measure('a version that blocks them', () => rejudge(parts, malware));
  const signal = new AbortController().signal;
  const asked = Math.min(images, limits.previewImages);
  await measure('what would change (dry run)', async () => {
    const found = await previewPolicy(parts, { project, document, images: asked, signal });
    return { images: found.judged, changed: found.changed };
  });
  const all = document.replace('!coverage.complete', 'packages.exists(p, p.name == "libx")');
  await measure('a version that reads packages', () => rejudge(parts, all));
  const [row] = await db.selectFrom('decisions_in_force').selectAll().limit(1).execute();
  if (row !== undefined) {
    await measure('decision in force of a digest (reads)', async () => {
      for (let at = 0; at < 1_000; at += 1) await readDecisionInForce(db, row);
      return { images: 1_000 };
    });
  }
} finally {
  await database.drop();
  await server.stop();
}
