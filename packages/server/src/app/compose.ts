/**
 * The only file that constructs and wires parts. Read `start` from top to bottom for the parts of a
 * running Lazaret, in the order in which they start. `stop` ends them in the reverse order.
 */
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { SharedRates } from '@lazaret/analysis';
import type { Logger } from 'pino';

import { accessSlice, type Access } from '../access/index.ts';
import { artifactsSlice } from '../artifacts/index.ts';
import { blobsSlice } from '../blobs/index.ts';
import { enginesSlice } from '../engines/index.ts';
import { filesSlice } from '../files/index.ts';
import {
  configuredNodes,
  describeConfiguration,
  type Configuration,
  readEnvironment,
  readProgramEnvironment,
  type LoadedConfiguration,
  type RoleName,
} from '../floor/config/index.ts';
import type { DatabaseHandle } from '../floor/db/index.ts';
import { appendEvents, auditReader, createOutbox, eventsSlice } from '../floor/events/index.ts';
import { createChangeSignals } from '../floor/signals.ts';
import type { Clock, Slice } from '../floor/slice.ts';
import { gateSlice, readGateSettings } from '../gate/index.ts';
import { checkNotifications, hooksSlice } from '../hooks/index.ts';
import { inspectionSlice } from '../inspection/index.ts';
import { findUnfinishedJob, jobsSlice } from '../jobs/index.ts';
import { knowledgeSlice } from '../knowledge/index.ts';
import { metricsSlice, type MetricsSlice } from '../metrics/index.ts';
import { nodesSlice } from '../nodes/index.ts';
import { notificationsSlice } from '../notifications/index.ts';
import { startApi } from '../roles/api.ts';
import type { ConsoleFiles } from '../roles/console-files.ts';
import { startGate } from '../roles/gate.ts';
import { startInspector } from '../roles/inspector.ts';
import { openExecutors } from '../roles/open-executors.ts';
import type { Core, Role, StartRole, StopOptions } from '../roles/role.ts';
import { startScheduler } from '../roles/scheduler.ts';
import { describeSending } from '../roles/sending-parts.ts';
import { startWorker } from '../roles/worker.ts';
import { startWatcher } from '../roles/watcher.ts';
import { policiesSlice } from '../policies/index.ts';
import { createRegistryLookup, registriesSlice } from '../registries/index.ts';
import { quarantineSlice, readEffects } from '../quarantine/index.ts';
import { readScriptOutputs, scriptsSlice } from '../scripts/index.ts';
import { searchSlice } from '../search/index.ts';
import { createLoopWatch, systemSlice } from '../system/index.ts';
import { openDataDirectory, type DataDirectory } from './data-directory.ts';
import { resolveImage } from './resolve-image.ts';
import { openStorage, type Storage } from './storage.ts';
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
  /** The address of this process; undefined without the role api. */
  readonly url: string | undefined;
  readonly access: Access;
  readonly database: DatabaseHandle;
  readonly dataDirectory: string;
  /** Ends everything in order. Containers keep running for the next start unless taken down. */
  stop(options: StopOptions): Promise<void>;
}

/** Background roles in the order in which they start; gate and API start after all slices. */
const backgroundRoles = {
  worker: startWorker,
  scheduler: startScheduler,
  inspector: startInspector,
  watcher: startWatcher,
} satisfies Record<Exclude<RoleName, 'api' | 'gate'>, StartRole>;

/** Starts the configured roles. After a failure everything that was started is stopped. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  await using starting = new AsyncDisposableStack();
  const how = { takeDown: false };
  const started = await start(options, { cleanup: starting, how });
  const cleanup = starting.move();
  return {
    ...started,
    stop: async ({ takeDown }) => {
      how.takeDown = takeDown;
      await cleanup.disposeAsync();
    },
  };
}

interface Ending {
  /** Stops everything that was started in the reverse order, regardless of errors. */
  readonly cleanup: AsyncDisposableStack;
  /** Set before it ends. */
  readonly how: StopOptions;
}

async function start(
  options: ServerOptions,
  { cleanup, how }: Ending,
): Promise<Omit<RunningServer, 'stop'>> {
  const { configuration, log, version } = options;
  const { values } = configuration;
  const roles = new Map<RoleName, Role>();
  let url: string | undefined;

  const directory = await openDataDirectory(values.data, {
    describe: () => (url === undefined ? {} : { address: url }),
  });
  cleanup.defer(() => directory.release());
  const storage = await openStorage({ values, log, directory: directory.path }, cleanup);
  const core = createCore({ options, directory, storage, roles }, cleanup);

  for (const [name, startRole] of Object.entries(backgroundRoles)) {
    if (!values.roles.includes(name as RoleName)) continue;
    const role: Role = await startRole(core);
    cleanup.defer(() => role.stop(how));
    roles.set(name as RoleName, role);
  }

  const { slices, access, metrics } = await createSlices(core, {
    publicUrl: () => values.publicUrl || (url ?? ''),
    localUrl: () => url,
    roles,
  });
  for (const slice of slices) cleanup.defer(async () => slice.stop?.());

  if (values.roles.includes('gate')) {
    const connection = describeConnection(options, directory);
    const gate = await startGate(core, { access, connection });
    if (gate !== undefined) {
      cleanup.defer(() => gate.stop(how));
      roles.set('gate', gate);
    }
  }
  if (values.roles.includes('api')) {
    const onAnswer = metrics.observeAnswer;
    const api = await startApi(core, { slices, access, onAnswer, console: options.console });
    cleanup.defer(() => api.stop(how));
    roles.set('api', api);
    url = api.url;
    await directory.announce();
    await writeLocalToken(access, { directory: directory.path, url });
    options.onListening?.(url);
  }
  await recordLifecycle(core, { type: 'system.started', data: { version } });
  cleanup.defer(() => recordLifecycle(core, { type: 'system.stopped', data: {} }));
  return { url, access, database: storage.handle, dataDirectory: directory.path };
}

const clock: Clock = { now: Date.now, monotonicMs: () => performance.now() };

/** Shared services of roles and slices: storage, events, wake-ups, executors. */
function createCore(
  parts: {
    readonly options: ServerOptions;
    readonly directory: DataDirectory;
    readonly storage: Storage;
    readonly roles: ReadonlyMap<RoleName, Role>;
  },
  cleanup: AsyncDisposableStack,
): Core {
  const { configuration, log, version } = parts.options;
  const { values } = configuration;
  const database = parts.storage.handle.db;
  const ended = new AbortController();
  const { signal } = ended;
  const outbox = createOutbox({ database, log, signal });
  void outbox.run();
  outbox.runReaders([auditReader()]);
  cleanup.defer(async () => ended.abort());
  const isWorker = values.roles.includes('worker');
  const executors = openExecutors(isWorker ? configuredNodes(values) : [], clock.now);
  cleanup.defer(async () => {
    await Promise.allSettled([...executors.values()].map((executor) => executor.close()));
  });
  const changes = createChangeSignals();
  const connection = describeConnection(parts.options, parts.directory);
  const onEvents = (): void => outbox.wake();
  return {
    ...parts.storage,
    ...{ configuration, version, log, database, signal, outbox, executors, clock, onEvents },
    dataDirectory: parts.directory.path,
    sharedRates: new SharedRates(clock),
    findRegistry: createRegistryLookup({ ...connection, database }),
    wake: (...names) => {
      for (const name of names) parts.roles.get(name)?.wake();
    },
    changed: (id, until) => changes.changed(id, until),
    notify: (id) => changes.notify(id),
    onChange: (id) => {
      changes.notify(id);
      onEvents();
    },
  };
}

interface Slices {
  readonly slices: readonly Slice[];
  readonly access: Access;
  readonly metrics: MetricsSlice;
}

interface SliceParts {
  /** Where clients reach the server. */
  readonly publicUrl: () => string;
  /** Where this process listens; undefined without the role api. */
  readonly localUrl: () => string | undefined;
  readonly roles: ReadonlyMap<RoleName, Role>;
}

/** All slices of the server. Adding one is a line in the list. */
async function createSlices(core: Core, parts: SliceParts): Promise<Slices> {
  const { configuration, blobs, outbox, version } = core;
  const { values } = configuration;
  const loops = createLoopWatch(clock.monotonicMs);
  loops.watch(() => [
    ...slices.flatMap((slice) => slice.loops?.() ?? []),
    ...[...parts.roles.values()].flatMap((role) => role.loops()),
  ]);
  const directory = values.engineDirectory || join(core.dataDirectory, 'engines');
  await mkdir(directory, { recursive: true });

  const accessing = accessSlice({
    ...{ ...core, publicUrl: parts.publicUrl },
    anonymousLegacy: values.openLegacy,
  });
  const { access } = accessing;
  const running = enginesSlice({
    ...{ ...core, directory },
    resolveImage: (reference) => resolveImage(core.executors.values(), reference),
    findUnfinishedJob,
    allowedNetworks: values.networks,
    allowedRuntimes: values.runtimes,
  });
  const { engines } = running;
  const metrics = metricsSlice({
    ...{ ...core, loops: () => loops.states() },
    scraped: values.roles.includes('api'),
  });
  const slices: Slice[] = [
    accessing,
    running,
    metrics,
    blobsSlice(blobs),
    nodesSlice(core),
    artifactsSlice(core),
    jobsSlice({ ...core, engines }),
    inspectionSlice({
      ...{ ...core, settings: values.inspection },
      readScriptOutputs: (project, digest) => readScriptOutputs(core.database, { project, digest }),
      inspects: values.roles.includes('inspector'),
    }),
    await filesSlice({
      ...{ ...core, engines, settings: values.inspection, dockerHost: values.dockerHost },
      helperEnvironment: readProgramEnvironment(),
    }),
    registriesSlice({
      ...{ ...core, ...describeConnection({ configuration }, { path: core.dataDirectory }) },
      dockerHost: values.dockerHost,
      checkNotifications: (registry) => checkNotifications(core.database, registry),
      readEffects,
    }),
    await createHooks(core, { ...parts, onAnswer: metrics.observeHook }),
    policiesSlice({ ...core, readEffects }),
    notificationsSlice({ ...core, ...(await describeSending(core)) }),
    knowledgeSlice(core),
    createQuarantine(core),
    scriptsSlice({ ...core, settings: values.scripts }),
    createGate(core),
    searchSlice({ database: core.database, slices: () => slices }),
    eventsSlice({ outbox, database: core.database }),
    systemSlice({
      ...{ loops, version, database: core.handle, roles: rolesThatRun(values) },
      slices: () => slices,
      startedAt: new Date(),
      configuration: () => describeConfiguration(configuration),
      nowMs: clock.monotonicMs,
    }),
  ];
  return { slices, access, metrics };
}

/** The gate runs only when it has an address; listing it would claim that it answers pulls. */
function rolesThatRun({ roles, gateListen }: Configuration): readonly RoleName[] {
  return gateListen === '' ? roles.filter((role) => role !== 'gate') : roles;
}

function createQuarantine(core: Core): Slice {
  const { configuration, dataDirectory: path } = core;
  const { quarantineSpace: spaceBytes, quarantineRetention: seconds } = configuration.values;
  return quarantineSlice({
    ...{ ...core, ...describeConnection({ configuration }, { path }) },
    ...{ now: clock.now, spaceBytes, retentionMs: seconds * 1_000 },
  });
}

function createGate(core: Core): Slice {
  const { configuration, dataDirectory: path } = core;
  const gate = readGateSettings(configuration.values);
  return gateSlice({ ...{ ...core, ...describeConnection({ configuration }, { path }) }, gate });
}

async function createHooks(
  core: Core,
  {
    publicUrl,
    localUrl,
    onAnswer,
  }: Pick<SliceParts, 'publicUrl' | 'localUrl'> & {
    readonly onAnswer: MetricsSlice['observeHook'];
  },
): Promise<Slice> {
  const directory = join(core.dataDirectory, 'hooks');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const environment = readEnvironment();
  const variable = (name: string): string | undefined => environment[name];
  const secrets = { directory, variable };
  return hooksSlice({ ...core, publicUrl, localUrl, onAnswer, fetch, secrets });
}

/** What connections to watched registries share. */
function describeConnection(
  { configuration }: Pick<ServerOptions, 'configuration'>,
  { path }: Pick<DataDirectory, 'path'>,
) {
  return {
    settings: configuration.values.inspection,
    helperEnvironment: readProgramEnvironment(),
    environment: readEnvironment(),
    directory: join(path, 'registries'),
  };
}

async function recordLifecycle(
  { database, onEvents, configuration }: Core,
  event: { readonly type: 'system.started' | 'system.stopped'; readonly data: object },
): Promise<void> {
  const { type, data } = event;
  const { roles } = configuration.values;
  await appendEvents(database, [
    { type, subject: hostname(), actor: 'system', data: { ...data, roles } },
  ]);
  onEvents();
}
