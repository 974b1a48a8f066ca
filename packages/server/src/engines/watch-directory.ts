/**
 * The watched directory: its files are the engines of source `directory`. Each iteration compares
 * the files with those read before, and applies the difference:
 *
 *   new or changed file, settled   → read → valid: add → engine with a new revision, or as it was
 *                                         → not valid: refused; an engine that it made stays
 *   two files with one name        → the one that has the engine keeps it, the other is refused
 *   no file names an engine        → it is removed, unless a refused file may be the one that did,
 *                                    or the directory was empty from the start: that is rather
 *                                    another directory than a decision
 *
 * A file is read only when it was the same twice, a moment apart, so a half-written one is not
 * taken for a whole one. A failure of one file is that file's alone; a failure of the database or
 * of the directory itself leaves everything as it is, for the next turn.
 */
import { basename, dirname, extname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { asProblem, type EngineManifest, type EngineRefusal } from '@lazaret/protocol';
import type { Logger } from 'pino';

import { engineLimits } from './limits.ts';
import { fingerprint, listManifestFiles, readManifestFile } from './manifest-files.ts';
import { guessName, parseManifest } from './parse-manifest.ts';

export interface DirectoryParts {
  readonly directory: string;
  readonly log: Logger;
  /** Adds or changes an engine of the directory. Throws a problem for a refused one. */
  readonly add: (manifest: EngineManifest) => Promise<void>;
  readonly remove: (name: string) => Promise<void>;
  /** Names of the current engines of the directory. */
  readonly list: () => Promise<string[]>;
  /** Called once for each new refusal. */
  readonly onRefused: (refusal: EngineRefusal) => Promise<void>;
  readonly nowMs: () => number;
}

interface KnownFile {
  readonly print: string;
  /** Undefined when it could not be read as a manifest. */
  readonly manifest: EngineManifest | undefined;
  /** Names of engines that a refused file may contain. */
  readonly guesses: readonly string[];
  applied: boolean;
  refusal: EngineRefusal | undefined;
}

export interface DirectoryWatch {
  /** One iteration. Returns whether a file is still being written. */
  turn(): Promise<{ readonly unsettled: boolean }>;
  /** The file of an engine, or that may be its file. */
  fileOf(engine: string): string | undefined;
  readonly refused: readonly EngineRefusal[];
}

/** The state of a watched directory; the caller runs the loop. */
export function watchDirectory(parts: DirectoryParts): DirectoryWatch {
  const known = new Map<string, KnownFile>();
  /** Names in a file since the start. */
  const seen = new Set<string>();
  return {
    fileOf: (engine) => [...known].find(([, entry]) => namesOf(entry).includes(engine))?.[0],
    get refused() {
      return [...known.values()].flatMap(({ refusal }) => (refusal === undefined ? [] : [refusal]));
    },
    turn: async () => {
      const files = await listManifestFiles(parts.directory);
      const present = new Set(files.map(({ file }) => file));
      for (const file of known.keys()) if (!present.has(file)) known.delete(file);
      const changed = files.filter(({ file, print }) => known.get(file)?.print !== print);
      if (changed.length > 0) await sleep(engineLimits.settleMs);
      let unsettled = false;
      for (const { file, print } of changed) {
        const settled = print === (await fingerprint(parts.directory, file));
        if (settled) await read(parts, known, { file, print });
        unsettled ||= !settled;
      }
      await apply(parts, known);
      // A file that is being replaced was not removed.
      if (!unsettled) await removeAbsent(parts, known, seen);
      return { unsettled };
    },
  };
}

async function read(
  parts: DirectoryParts,
  known: Map<string, KnownFile>,
  { file, print }: { readonly file: string; readonly print: string },
): Promise<void> {
  const before = known.get(file);
  let text = '';
  try {
    text = await readManifestFile(parts.directory, file);
    const manifest = parseManifest(text);
    known.set(file, { print, manifest, guesses: [], applied: false, refusal: undefined });
  } catch (error) {
    const problem = asProblem(error);
    const detail = problem?.message ?? `cannot be read: ${(error as NodeJS.ErrnoException).code}`;
    const earlier = before?.manifest?.name;
    const guesses = [
      ...new Set([...guessesFor(file, text), ...(before?.guesses ?? []), ...wrap(earlier)]),
    ];
    const entry = { print, manifest: undefined, guesses, applied: true, refusal: undefined };
    known.set(file, entry);
    await refuse(parts, entry, { file, detail });
  }
}

function wrap<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

/** The name in it, or the names derived from its path. */
function guessesFor(file: string, text: string): string[] {
  const declared = guessName(text);
  if (declared !== undefined) return [declared];
  return [basename(file, extname(file)), basename(dirname(file))];
}

async function refuse(
  parts: DirectoryParts,
  entry: KnownFile,
  { file, detail }: { readonly file: string; readonly detail: string },
): Promise<void> {
  if (entry.refusal?.detail === detail) return;
  entry.refusal = { file, detail, at: new Date(parts.nowMs()).toISOString() };
  parts.log.warn({ file, detail }, 'manifest refused');
  await parts.onRefused(entry.refusal);
}

async function apply(parts: DirectoryParts, known: Map<string, KnownFile>): Promise<void> {
  const owners = new Map<string, string>();
  for (const [file, { manifest, applied }] of known) {
    if (manifest !== undefined && applied) owners.set(manifest.name, file);
  }
  for (const [file, entry] of [...known].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const { manifest } = entry;
    if (manifest === undefined || entry.applied) continue;
    const owner = owners.get(manifest.name);
    if (owner !== undefined && owner !== file) {
      const detail = `name: ${manifest.name} is the engine of ${owner} already`;
      await refuse(parts, entry, { file, detail });
      continue;
    }
    try {
      await parts.add(manifest);
      owners.set(manifest.name, file);
      entry.applied = true;
      entry.refusal = undefined;
    } catch (error) {
      const problem = asProblem(error);
      if (problem === undefined || problem.status >= 500) throw error;
      await refuse(parts, entry, { file, detail: problem.message });
    }
  }
}

async function removeAbsent(
  parts: DirectoryParts,
  known: ReadonlyMap<string, KnownFile>,
  seen: Set<string>,
): Promise<void> {
  const kept = new Set([...known.values()].flatMap(namesOf));
  for (const name of kept) seen.add(name);
  for (const name of await parts.list()) {
    if (kept.has(name) || (known.size === 0 && !seen.has(name))) continue;
    await parts.remove(name);
    parts.log.info(
      { engine: name },
      'the file of the engine was removed; the engine was removed too',
    );
  }
}

/** The engine of a file, and those that a refused file may contain. */
function namesOf({ manifest, guesses }: KnownFile): string[] {
  return [...wrap(manifest?.name), ...guesses];
}
