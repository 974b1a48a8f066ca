/** A runner with a database, a fake registry and the local container engine, for tests. */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { inspectImage, SharedRates } from '@lazaret/analysis';
import type { BuiltImage } from '@lazaret/analysis/testing';
import { startFakeRegistry, type FakeRegistry } from '@lazaret/oci/testing';
import {
  scriptSettings,
  scriptsSection,
  type InspectionReport,
  type InspectionSettings,
  type ScriptKind,
  type ScriptRunDetail,
  type ScriptSettings,
  type ScriptsSection,
} from '@lazaret/protocol';
import { sql, type Kysely } from 'kysely';
import { pino } from 'pino';

import { createDockerExecutor } from '../../executors/docker.ts';
import type { Executor } from '../../executors/index.ts';
import { options } from '../../floor/config/options.ts';
import type { Database } from '../../floor/db/index.ts';
import { newId } from '../../floor/ids.ts';
import { describeRegistries, type ImageOpenerParts } from '../../inspection/index.ts';
import { storeReport } from '../../inspection/store-report.ts';
import { createTestDatabase } from '../../testing/database.ts';
import { putScript } from '../change-script.ts';
import { readRun } from '../read-runs.ts';
import { startRunner, type ScriptRunner } from '../runner.ts';

export const dockerAddress = 'unix:///var/run/docker.sock';

export interface RunnerFixture {
  readonly database: Kysely<Database>;
  readonly registry: FakeRegistry;
  /** The watched directory. */
  readonly directory: string;
  readonly instance: string;
  /** Pushes an image and stores its report; answers its digest. */
  inspect(name: string, image: BuiltImage): Promise<string>;
  put(
    name: string,
    content: string,
    how?: Partial<ScriptSettings> & { kind?: ScriptKind },
  ): Promise<void>;
  start(how?: {
    readonly settings?: Partial<ScriptsSection>;
    readonly executors?: ReadonlyMap<string, Executor>;
  }): ScriptRunner;
  /** Waits until nothing is queued or running, and all images were considered. */
  settle(): Promise<void>;
  /** `name outcome` of every run, in the order in which they ended. */
  outcomes(): Promise<string[]>;
  runOf(script: string, digest?: string): Promise<ScriptRunDetail>;
  /** Stops every runner. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

export async function startRunnerFixture(databaseUrl: string): Promise<RunnerFixture> {
  const test = await createTestDatabase(databaseUrl);
  const { db } = test.handle;
  const root = await mkdtemp(join(tmpdir(), 'lazaret-scripts-'));
  const directory = join(root, 'scripts');
  await mkdir(directory);
  const now = (): number => Date.now();
  const registry = await startFakeRegistry({ now });
  const inspection = options.inspection.schema.parse({
    registries: { plainHttp: [registry.host], private: [registry.host] },
  });
  const log = pino({ level: 'silent' });
  const opener = describeOpener(root, inspection);
  const executor = createDockerExecutor({ address: dockerAddress, now });
  const instance = `test-${randomBytes(8).toString('hex')}`;
  const runners: ScriptRunner[] = [];
  return {
    ...{ database: db, registry, directory, instance },
    inspect: (name, image) => inspect({ db, registry, inspection }, name, image),
    async put(name, content, { kind = 'shell', ...settings } = {}) {
      const given = { name, kind, source: 'api' as const, content: Buffer.from(content) };
      await putScript(db, { ...given, settings: scriptSettings.parse(settings) }, 'ana');
    },
    start({ settings = {}, executors = new Map([['local', executor]]) } = {}) {
      const runner = startRunner({
        ...{ database: db, locks: test.handle, log, directory, executors, instance, opener },
        settings: scriptsSection.parse({
          enabled: true,
          defaults: false,
          perMinute: 10_000,
          ...settings,
        }),
        node: process.execPath,
        monotonicMs: () => performance.now(),
        onChange: () => undefined,
      });
      runners.push(runner);
      return runner;
    },
    settle: () => settle(db, runners),
    async stop() {
      await Promise.all(runners.splice(0).map((runner) => runner.stop()));
    },
    outcomes: () => readOutcomes(db),
    runOf: (script, digest) => readRunOf(db, script, digest),
    async close() {
      await Promise.all(runners.map((runner) => runner.stop()));
      await removeAll(executor, instance);
      await executor.close();
      await test.drop();
      await registry.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

function describeOpener(root: string, settings: InspectionSettings): ImageOpenerParts {
  const now = (): number => Date.now();
  return {
    ...{ settings, dockerHost: dockerAddress, helperEnvironment: {}, now },
    ...{ spoolDirectory: root, sharedRates: new SharedRates({ now }) },
    findRegistry: () => Promise.resolve(undefined),
    blobs: { stat: () => Promise.resolve(undefined) } as unknown as ImageOpenerParts['blobs'],
  };
}

async function inspect(
  parts: {
    readonly db: Kysely<Database>;
    readonly registry: FakeRegistry;
    readonly inspection: InspectionSettings;
  },
  name: string,
  image: BuiltImage,
): Promise<string> {
  const { db, registry, inspection } = parts;
  const [repository = '', tag = '1'] = name.split(':');
  registry.store.putImage(repository, tag, image);
  const reference = `${registry.host}/${repository}:${tag}`;
  const [report] = await inspectImage(
    {
      ...{ reference, platform: 'all', offline: false, files: true, scanners: {}, parallel: 0 },
      registry: describeRegistries(inspection.registries, {}),
    },
    { toolVersion: 'test', now: () => Date.now() },
  );
  if (report === undefined) throw new Error(`${reference} has no image`);
  return store(db, report);
}

async function readOutcomes(db: Kysely<Database>): Promise<string[]> {
  const { rows } = await sql<{ readonly text: string }>`
    select s.name || ' ' || coalesce(r.outcome, r.state) as text
    from script_runs r join scripts s on s.id = r.script
    order by r.finished_at, r.id`.execute(db);
  return rows.map(({ text }) => text);
}

async function readRunOf(
  db: Kysely<Database>,
  script: string,
  digest: string | undefined,
): Promise<ScriptRunDetail> {
  const { rows } = await sql<{ readonly id: string }>`
    select r.id from script_runs r join scripts s on s.id = r.script
    where s.name = ${script} and (${digest ?? null}::text is null or r.digest = ${digest ?? null})
    order by r.id desc limit 1`.execute(db);
  return readRun(db, 'all', rows[0]?.id ?? '');
}

async function removeAll(executor: Executor, instance: string): Promise<void> {
  const own = { 'io.lazaret.instance': instance };
  for (const { containerId } of await executor.list(own)) await executor.remove(containerId);
  for (const { imageId } of await executor.listLoaded(own)) await executor.unloadImage(imageId);
  for (const name of await executor.listVolumes(own)) await executor.removeVolume(name);
}

async function store(db: Kysely<Database>, report: InspectionReport): Promise<string> {
  const inspection = newId();
  await db
    .insertInto('inspections')
    .values({
      ...{ id: inspection, project: 'default', reference: report.source.reference, fence: 'f' },
      ...{ platform: 'all', force: false, state: 'running', queue_id: randomUUID() },
      requested_by: 'ana',
    })
    .execute();
  const context = { database: db, project: 'default', inspection, fence: 'f' };
  const stored = await storeReport(report, { ...context, scanConfigDigest: undefined });
  if (stored === undefined) throw new Error('the report has no digest');
  await db
    .insertInto('inspection_images')
    .values({ inspection, position: 0, ...stored, platform: stored.platform })
    .execute();
  await db.updateTable('inspections').set({ state: 'finished' }).execute();
  return stored.digest;
}

async function settle(db: Kysely<Database>, runners: readonly ScriptRunner[]): Promise<void> {
  const until = Date.now() + 90_000;
  for (;;) {
    for (const runner of runners) runner.wake();
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
    const { rows } = await sql<{ readonly open: number }>`
      select (select count(*) from script_runs where state <> 'finished') + (
        select count(*) from scripts
        where planned_from is not null and removed_at is null and enabled) as open`.execute(db);
    if (rows[0]?.open === 0) return;
    if (Date.now() > until) throw new Error('runs of scripts did not end');
  }
}
