/**
 * The only file that constructs and wires parts. Read `startServer` top to bottom: what a running
 * Lazaret is made of, in the order in which it starts. `stop` takes it down in the reverse order.
 */
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { limits, operations } from '@lazaret/protocol';
import type { Logger } from 'pino';

import { accessRoutes, createAccess, sweepAccess, type Access } from '../access/index.ts';
import { artifactRoutes } from '../artifacts/index.ts';
import { openFileBlobStore, type BlobStore } from '../blobs/index.ts';
import {
  describeConfiguration,
  type Configuration,
  type LoadedConfiguration,
  type NodeOption,
} from '../floor/config/index.ts';
import { serveConsole, type ConsoleFiles } from './console-files.ts';
import { openDataDirectory, type DataDirectory } from './data-directory.ts';
import {
  migrate,
  openDatabase,
  startEmbeddedDatabase,
  type DatabaseHandle,
} from '../floor/db/index.ts';
import { createEngines, engineRoutes, type Engines } from '../engines/index.ts';
import {
  appendEvents,
  auditReader,
  createOutbox,
  eventRoutes,
  type Outbox,
} from '../floor/events/index.ts';
import { createHttpServer, type Route } from '../floor/http/index.ts';
import { ensureInstance } from './instance.ts';
import { beginInspecting } from '../roles/inspector.ts';
import {
  inspectionRoutes,
  openInspectionQueue,
  type InspectionQueue,
} from '../inspection/index.ts';
import { createJobSignals, type JobSignals } from '../floor/signals.ts';
import { jobRoutes, legacyRoutes, type JobParts } from '../jobs/index.ts';
import { listen, parseAddress, urlOf } from './listen.ts';
import type { Loop } from '../floor/loop.ts';
import { countJobs, createMetrics, type Metrics } from '../metrics/index.ts';
import { nodeRoutes, registerNodes } from '../nodes/index.ts';
import { resolveImage } from './resolve-image.ts';
import { startScheduler, type Scheduler } from '../roles/scheduler.ts';
import { createLoopWatch, serveReference, systemRoutes, type LoopWatch } from '../system/index.ts';
import { startWorker, type Worker } from '../roles/worker.ts';
import { writeLocalToken } from './write-local-token.ts';

export interface ServerOptions {
  readonly configuration: LoadedConfiguration;
  readonly log: Logger;
  readonly version: string;
  readonly console: ConsoleFiles;
  /** Called when the address is known, before anything slow: `http://127.0.0.1:8100`. */
  readonly onListening?: (url: string) => void;
}

export interface RunningServer {
  /** Where this process listens; undefined without the role api. */
  readonly url: string | undefined;
  readonly access: Access;
  readonly database: DatabaseHandle;
  readonly dataDirectory: string;
  /** Ends everything in order. Containers live on for the next start unless they are taken down. */
  stop(options: { readonly takeDown: boolean }): Promise<void>;
}

/** Starts the roles that the configuration names. A failure on the way undoes what was begun. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const stops = new Stops();
  try {
    return await start(options, stops);
  } catch (error) {
    await stops.run({ takeDown: false });
    throw error;
  }
}

async function start(options: ServerOptions, stops: Stops): Promise<RunningServer> {
  const { values } = options.configuration;
  const { log } = options;
  let url: string | undefined;
  const directory = await openDataDirectory(values.data, {
    describe: () => (url === undefined ? {} : { address: url }),
  });
  stops.add(() => directory.release());
  const storage = await openStorage({ values, log, directory, stops });
  const ended = new AbortController();
  const { signal } = ended;
  const outbox = createOutbox({ database: storage.database.db, log, signal });
  void outbox.run();
  outbox.runReaders([auditReader()]);
  stops.add(() => Promise.resolve(ended.abort()));
  const core: Core = { ...storage, values, log, outbox, signal, signals: createJobSignals() };

  const running = await startRoles(core, stops);
  if (values.roles.includes('inspector')) {
    const inspector = await beginInspecting({ ...core, version: options.version, now: Date.now });
    stops.add(() => inspector.stop());
  }
  const access = createAccess({
    database: storage.database.db,
    log,
    publicUrl: () => values.publicUrl || (url ?? ''),
    anonymousLegacy: values.openLegacy,
    nudge: () => outbox.nudge(),
  });
  const stopSweeping = sweepAccess(access, log);
  stops.add(() => Promise.resolve(stopSweeping()));
  if (values.roles.includes('api')) {
    url = await startApi({ ...core, ...running, access, options }, stops);
    await directory.announce();
    await writeLocalToken(access, { directory: directory.path, url });
    options.onListening?.(url);
  }
  await tell(core, { type: 'system.started', data: { version: options.version } });
  stops.add(() => tell(core, { type: 'system.stopped', data: {} }));
  return {
    url,
    access,
    database: storage.database,
    dataDirectory: directory.path,
    stop: (how) => stops.run(how),
  };
}

/** Things to end, the last begun first; each is tried, whatever the others did. */
class Stops {
  readonly #stops: ((how: { readonly takeDown: boolean }) => Promise<unknown>)[] = [];

  add(stop: (how: { readonly takeDown: boolean }) => Promise<unknown>): void {
    this.#stops.push(stop);
  }

  async run(how: { readonly takeDown: boolean }): Promise<void> {
    const failures: unknown[] = [];
    for (let stop = this.#stops.pop(); stop !== undefined; stop = this.#stops.pop()) {
      await stop(how).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, 'not everything stopped cleanly');
  }
}

interface Storage {
  readonly database: DatabaseHandle;
  /** Connections that do nothing but hold locks. */
  readonly locks: DatabaseHandle;
  readonly blobs: BlobStore;
  readonly instance: string;
  readonly dataDirectory: string;
  /** Of inspections. */
  readonly queue: InspectionQueue;
}

async function openStorage(parts: {
  readonly values: Configuration;
  readonly log: Logger;
  readonly directory: DataDirectory;
  readonly stops: Stops;
}): Promise<Storage> {
  const { values, log, directory, stops } = parts;
  const key = values.encryptionKey === '' ? undefined : Buffer.from(values.encryptionKey, 'hex');
  const opening = openFileBlobStore({ directory: join(directory.path, 'blobs'), key });
  // Awaited below; until then its failure is no unhandled one.
  opening.catch(() => undefined);
  let url = values.databaseUrl;
  if (url === '') {
    const embedded = await startEmbeddedDatabase({
      dataDirectory: directory.path,
      onState: (state) => log.debug({ state }, 'database'),
    });
    stops.add(() => embedded.stop());
    url = embedded.url;
  }
  const onConnectionLost = (error: Error): void => {
    log.warn({ err: error }, 'a database connection was lost');
  };
  const database = await openDatabase({ url, onConnectionLost });
  stops.add(() => database.close());
  await migrate(database);
  const locks = await openDatabase({
    url,
    applicationName: 'lazaret locks',
    connections: nodesOf(values).length + values.inspection.concurrency + 2,
    onConnectionLost,
  });
  stops.add(() => locks.close());
  const supervise = values.roles.includes('inspector');
  const queue = await openInspectionQueue({ url, log, supervise });
  stops.add(() => queue.close());
  return {
    ...{ queue, database, locks },
    blobs: await opening,
    instance: await ensureInstance(database.db),
    dataDirectory: directory.path,
  };
}

interface Core extends Storage {
  readonly values: Configuration;
  readonly log: Logger;
  readonly outbox: Outbox;
  readonly signal: AbortSignal;
  readonly signals: JobSignals;
}

interface Roles {
  readonly worker: Worker | undefined;
  readonly scheduler: Scheduler | undefined;
  readonly engines: Engines;
  /** The loops that watch the engines' directory. */
  readonly watchers: readonly Loop[];
}

async function startRoles(core: Core, stops: Stops): Promise<Roles> {
  const { values, log, outbox, signals } = core;
  const { db } = core.database;
  const nodes = nodesOf(values);
  let scheduler: Scheduler | undefined;
  let worker: Worker | undefined;
  if (values.roles.includes('worker')) {
    await registerNodes(
      db,
      nodes.map((node) => ({ ...node, memoryBytes: node.memory })),
    );
    worker = startWorker({
      nodes,
      handle: core.database,
      locks: core.locks,
      blobs: core.blobs,
      log,
      worker: `${hostname()}:${process.pid}`,
      instance: core.instance,
      onChange: (job) => {
        signals.notify(job);
        outbox.nudge();
      },
      onRoom: () => scheduler?.nudge(),
    });
    stops.add((how) => worker?.stop(how) ?? Promise.resolve());
  }
  if (values.roles.includes('scheduler')) {
    scheduler = startScheduler({
      database: db,
      locks: core.locks,
      log,
      onPlaced: () => worker?.nudge(),
      onEvents: () => outbox.nudge(),
      nowMs: () => performance.now(),
    });
    stops.add(() => scheduler?.stop() ?? Promise.resolve());
  }
  const engines = createEngines({
    database: db,
    log,
    onEvents: () => outbox.nudge(),
    resolveImage: (reference) => resolveImage(worker?.executors.values() ?? [], reference),
    allowedNetworks: values.networks,
    allowedRuntimes: values.runtimes,
    nowMs: Date.now,
  });
  const watched = values.engineDirectory || join(core.dataDirectory, 'engines');
  await mkdir(watched, { recursive: true });
  const watchers = engines.watch(watched, core.signal);
  return { worker, scheduler, engines, watchers };
}

interface ApiParts extends Core, Roles {
  readonly access: Access;
  readonly options: ServerOptions;
}

/** Everything behind HTTP; answers where it listens. */
async function startApi(parts: ApiParts, stops: Stops): Promise<string> {
  const { values, log, access, outbox, options } = parts;
  const loops = watchLoops(parts);
  const metrics = createMetrics({
    database: parts.database.db,
    version: options.version,
    loops: () => loops.states(),
    readers: () => outbox.readers,
    subscribers: () => outbox.subscribers,
  });
  void countJobs({ outbox, database: parts.database.db, log, metrics, signal: parts.signal });
  const app = await createHttpServer({
    log,
    routes: apiRoutes(parts, { loops, metrics }),
    authenticate: (call) => access.authenticate(call),
    onDenied: (...denied) => void access.recordDenied(...denied),
    onAnswer: (...answer) => metrics.observeAnswer(...answer),
    requestsPerMinute: values.requestsPerMinute,
    uploadIdleMs: limits.uploadIdleMs,
    trustedProxies: values.trustedProxies,
  });
  serveReference(app);
  await serveConsole(app, options.console);
  stops.add(() => app.close());
  const wanted = parseAddress(values.listen);
  const exact = options.configuration.sources.listen !== 'default';
  const bound = await listen(app, { ...wanted, exact });
  if (!exact && bound.port !== wanted.port) {
    log.warn(
      { wanted: wanted.port, bound: bound.port },
      'the port is taken; listening on the next',
    );
  }
  return urlOf(bound);
}

function watchLoops(parts: ApiParts): LoopWatch {
  const loops = createLoopWatch(() => performance.now());
  loops.watch(() => [
    ...parts.outbox.loops,
    ...parts.watchers,
    ...(parts.worker?.loops() ?? []),
    ...(parts.scheduler?.loops() ?? []),
  ]);
  return loops;
}

/** Every operation's route; the HTTP server refuses to start without one of them. */
function apiRoutes(
  parts: ApiParts,
  watched: { readonly loops: LoopWatch; readonly metrics: Metrics },
): Route[] {
  const { values, access, outbox, engines, signals, worker, scheduler, options } = parts;
  const { db } = parts.database;
  const jobParts: JobParts = {
    database: db,
    blobs: parts.blobs,
    findEngine: (name, revision) => engines.find(name, revision),
    checkParameters: (engine, parameters) => engines.checkParameters(engine, parameters),
    onEvents: () => outbox.nudge(),
    onQueue: () => {
      scheduler?.nudge();
      worker?.nudge();
    },
    changed: (job, signal) => signals.changed(job, signal),
  };
  return [
    ...legacyRoutes(jobParts),
    ...jobRoutes({ ...jobParts, nowMs: Date.now }),
    ...artifactRoutes(jobParts),
    ...inspectionRoutes({
      database: db,
      queue: parts.queue,
      policy: values.inspection,
      onEvents: () => outbox.nudge(),
      changed: (inspection, signal) => signals.changed(inspection, signal),
      nowMs: () => performance.now(),
    }),
    ...engineRoutes(engines),
    ...nodeRoutes({ database: db, onChange: jobParts.onQueue }),
    ...eventRoutes({
      outbox,
      database: db,
      reauthenticate: ({ headers }) =>
        access.authenticate({ headers, operation: operations.events.stream }),
    }),
    ...accessRoutes(access),
    ...systemRoutes({
      loops: watched.loops,
      database: parts.database,
      blobs: parts.blobs,
      roles: values.roles,
      version: options.version,
      startedAt: new Date(),
      configuration: () => describeConfiguration(options.configuration),
      metrics: () => watched.metrics.read(),
      nowMs: () => performance.now(),
    }),
  ];
}

/** The socket of the local engine stands for all nodes when none is configured. */
function nodesOf(values: Configuration): readonly NodeOption[] {
  if (values.nodes.length > 0) return values.nodes;
  return [{ name: 'local', endpoint: values.dockerHost, labels: {} }];
}

async function tell(
  core: Core,
  event: { readonly type: 'system.started' | 'system.stopped'; readonly data: object },
): Promise<void> {
  const { type, data } = event;
  await appendEvents(core.database.db, [
    { type, subject: hostname(), actor: 'system', data: { ...data, roles: core.values.roles } },
  ]);
  core.outbox.nudge();
}
