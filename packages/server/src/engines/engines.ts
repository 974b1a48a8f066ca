/** The engines of an instance: queries of other slices, and changes by operators. */
import {
  asProblem,
  limits,
  Problem,
  type engines as rows,
  type EngineManifest,
  type EngineRefusal,
  type ImagePin,
  type OperationOutput,
  type ProblemField,
} from '@lazaret/protocol';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';

import type { Database } from '../floor/db/index.ts';
import { appendEvents } from '../floor/events/index.ts';
import { Loop } from '../floor/loop.ts';
import { addEngine } from './add-engine.ts';
import { removeEngine, setEnabled, type FindUnfinishedJob } from './change-engine.ts';
import { checkManifest, parameterCheckOf, type EnginePolicy } from './check-manifest.ts';
import type { ParameterCheck } from './compile-parameters.ts';
import { convertLegacyEngine, legacyName } from './import-legacy.ts';
import { engineLimits } from './limits.ts';
import { hintChanges } from './manifest-files.ts';
import { createImagePinning } from './pin-images.ts';
import { listDirectoryEngines, noEngine, readRevision } from './store.ts';
import { watchDirectory, type DirectoryWatch } from './watch-directory.ts';

export interface EnginesOptions extends EnginePolicy {
  readonly database: Kysely<Database>;
  readonly log: Logger;
  /** Called after events were committed. */
  readonly onEvents: () => void;
  /**
   * Resolves a reference on the nodes. Throws `image_not_found` or
   * `container_engine_unavailable`.
   */
  readonly resolveImage: (reference: string) => Promise<Pick<ImagePin, 'digest' | 'kind'>>;
  /** Engines with unfinished jobs are not removed over the API. */
  readonly findUnfinishedJob: FindUnfinishedJob;
  readonly nowMs: () => number;
}

/** An engine at one revision, for a job. */
export interface RunnableEngine {
  readonly name: string;
  readonly revision: number;
  readonly enabled: boolean;
  readonly manifest: EngineManifest;
  /** Null while no node has the image. */
  readonly image: ImagePin | null;
}

export interface Engines {
  readonly database: Kysely<Database>;
  /** The current revision of the engine, or the given one. Throws `not_found`. */
  find(name: string, revision?: number): Promise<RunnableEngine>;
  /** Invalid parameters; the schema is compiled once for each revision. */
  checkParameters(
    engine: Pick<RunnableEngine, 'name' | 'revision' | 'manifest'>,
    parameters: Readonly<Record<string, unknown>>,
  ): ProblemField[];
  /** Throws `invalid_manifest` for a manifest that this instance does not allow. */
  validate(manifest: EngineManifest): void;
  /** Adds over the API: the image must exist. Returns the current revision. */
  add(manifest: EngineManifest, actor: string): Promise<number>;
  importLegacy(
    entries: readonly Readonly<Record<string, unknown>>[],
    actor: string,
  ): Promise<OperationOutput<typeof rows.import>>;
  /** Removes over the API. Throws `conflict` while a file of a watched directory has it. */
  remove(name: string, actor: string): Promise<void>;
  /** Reports a change over the API. */
  announce(): void;
  /** Watches a directory of manifests until the signal aborts. */
  watch(directory: string, signal: AbortSignal): readonly Loop[];
  /** Refused files of watched directories, with the reasons. */
  readonly refused: readonly EngineRefusal[];
}

/** Creates the engines of a process. */
export function createEngines(options: EnginesOptions): Engines {
  const { database } = options;
  const watches: DirectoryWatch[] = [];
  const checks = new Map<string, ParameterCheck>();
  const validate = (manifest: EngineManifest): void => checkManifest(manifest, options);
  const add = async (manifest: EngineManifest, actor: string): Promise<number> => {
    validate(manifest);
    const image = await pin(options, manifest.image);
    const { revision } = await addEngine(database, { manifest, image, source: 'api', actor });
    options.onEvents();
    return revision;
  };
  return {
    database,
    validate,
    add,
    announce: options.onEvents,
    remove: async (name, actor) => {
      const [file] = watches.flatMap((watch) => watch.fileOf(name) ?? []);
      const { findUnfinishedJob } = options;
      await removeEngine(database, { name, actor, source: 'api', file, findUnfinishedJob });
      options.onEvents();
    },
    find: (name, revision) => findEngine(database, name, revision),
    checkParameters: (engine, parameters) => cachedCheck(checks, engine)(parameters),
    importLegacy: (entries, actor) => importEntries(options, entries, { actor, add }),
    watch: (directory, signal) => startWatch(options, watches, { directory, signal }),
    get refused() {
      return watches.flatMap((watch) => watch.refused);
    },
  };
}

async function pin(options: EnginesOptions, reference: string): Promise<ImagePin> {
  const { digest, kind } = await options.resolveImage(reference);
  return { reference, digest, kind };
}

async function findEngine(
  database: Kysely<Database>,
  name: string,
  revision: number | undefined,
): Promise<RunnableEngine> {
  const engine = await database
    .selectFrom('engines')
    .select(['revision', 'enabled'])
    .where('name', '=', name)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
  if (engine === undefined) throw noEngine(name);
  const wanted = revision ?? engine.revision;
  const found = await readRevision(database, name, wanted);
  if (found === undefined) throw new Problem('not_found', `${name} has no revision ${wanted}`);
  const { manifest, image } = found;
  return { name, revision: wanted, enabled: engine.enabled, manifest, image };
}

function cachedCheck(
  checks: Map<string, ParameterCheck>,
  engine: Pick<RunnableEngine, 'name' | 'revision' | 'manifest'>,
): ParameterCheck {
  const key = `${engine.name}:${engine.revision}`;
  const known = checks.get(key);
  if (known !== undefined) return known;
  // Old revisions are evicted; a revision is compiled again when needed.
  if (checks.size >= limits.engines) checks.clear();
  const made = parameterCheckOf(engine.manifest);
  checks.set(key, made);
  return made;
}

async function importEntries(
  options: EnginesOptions,
  entries: readonly Readonly<Record<string, unknown>>[],
  { actor, add }: { readonly actor: string; readonly add: Engines['add'] },
): Promise<OperationOutput<typeof rows.import>> {
  const imported: { name: string; revision: number }[] = [];
  const refused: { name: string; detail: string }[] = [];
  for (const [position, entry] of entries.entries()) {
    try {
      const { manifest, enabled } = convertLegacyEngine(entry);
      const { name } = manifest;
      if (imported.some((one) => one.name === name)) {
        throw new Problem('conflict', `an earlier entry has the same name ${name} too`);
      }
      const revision = await add(manifest, actor);
      if (!enabled) await setEnabled(options.database, { name, actor, enabled });
      imported.push({ name, revision });
    } catch (error) {
      const problem = asProblem(error);
      // Without a container engine no entry can be checked, so none is refused.
      if (problem === undefined || problem.status >= 500) throw error;
      refused.push({ name: legacyName(entry, position), detail: problem.message });
    }
  }
  options.onEvents();
  return { imported, refused };
}

function startWatch(
  options: EnginesOptions,
  watches: DirectoryWatch[],
  { directory, signal }: { readonly directory: string; readonly signal: AbortSignal },
): readonly Loop[] {
  const { database, log, onEvents } = options;
  const common = { log, signal };
  const files = new Loop({ name: 'engines', periodMs: engineLimits.watchMs, ...common });
  const images = new Loop({ name: 'engine-images', periodMs: engineLimits.pinMs, ...common });
  const changed = (): void => {
    onEvents();
    images.wake();
  };
  const watch = watchDirectory({
    directory,
    log,
    nowMs: options.nowMs,
    list: () => listDirectoryEngines(database),
    add: async (manifest) => {
      checkManifest(manifest, options);
      const addition = { manifest, image: null, source: 'directory', actor: 'directory' } as const;
      if ((await addEngine(database, addition)).changed) changed();
    },
    remove: async (name) => {
      await removeEngine(database, { name, actor: 'directory', source: 'directory' });
      onEvents();
    },
    onRefused: async ({ file, detail }) => {
      await appendEvents(database, [
        { type: 'engine.refused', subject: file, actor: 'directory', data: { detail } },
      ]);
      onEvents();
    },
  });
  watches.push(watch);
  void files.run(async () => {
    const { unsettled } = await watch.turn();
    if (unsettled) files.wake();
  });
  hintChanges(directory, signal, () => files.wake());
  void images.run(
    createImagePinning({
      database,
      log,
      pin: (reference) => pin(options, reference),
      onChange: onEvents,
    }),
  );
  return [files, images];
}
