/**
 * Scripts that are files: those that ship with Lazaret, and those of the watched directory. The
 * directory is compared with the table at each turn: a file that is new or changed is added, and a
 * script whose file was removed is removed. A file is only read when it was the same twice.
 */
import { open, readdir, stat } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';

import {
  asProblem,
  limits,
  Problem,
  scriptName,
  scriptSettings,
  type ScriptKind,
  type ScriptSettings,
} from '@lazaret/protocol';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import { parse } from 'yaml';

import type { Database } from '../floor/db/schema.ts';
import { appendEvents } from '../floor/events/index.ts';
import { putScript, removeScript, type GivenScript } from './change-script.ts';
import { scriptServerLimits } from './limits.ts';
import { listStoredScripts } from './store.ts';

export interface ScriptFilesOptions {
  readonly database: Kysely<Database>;
  readonly log: Logger;
  readonly directory: string;
  /** Whether the scripts that ship are added. */
  readonly defaults: boolean;
  readonly onChange: () => void;
}

const defaultsDirectory = join(import.meta.dirname, 'defaults');
const actors = { directory: 'directory', default: 'lazaret' } as const;
type FileSource = keyof typeof actors;

export class ScriptFiles {
  readonly #options: ScriptFilesOptions;
  readonly #prints = new Map<string, string>();
  readonly #applied = new Map<string, string>();
  readonly #refusals = new Map<string, string>();
  /** Names in a file since the start. */
  readonly #seen = new Set<string>();

  constructor(options: ScriptFilesOptions) {
    this.#options = options;
  }

  /** Applies what changed since the last call. */
  async read(): Promise<void> {
    const { directory, defaults } = this.#options;
    await this.#apply('default', defaults ? defaultsDirectory : undefined);
    await this.#apply('directory', directory);
  }

  async #apply(source: FileSource, directory: string | undefined): Promise<void> {
    const files = directory === undefined ? [] : await listFiles(directory);
    let isUnsettled = false;
    for (const { file, print } of files) {
      const key = `${source}/${file}`;
      const isSettled = source === 'default' || this.#prints.get(key) === print;
      this.#prints.set(key, print);
      isUnsettled ||= !isSettled;
      if (!isSettled || this.#applied.get(key) === print) continue;
      await this.#put(source, { directory: directory ?? '', file });
      this.#applied.set(key, print);
    }
    // A file that is being replaced was not removed.
    if (!isUnsettled) await this.#removeAbsent(source, files);
  }

  async #put(
    source: FileSource,
    { directory, file }: { readonly directory: string; readonly file: string },
  ): Promise<void> {
    const { database, onChange } = this.#options;
    try {
      const given = await readScriptFile(directory, file);
      const changed = await putScript(database, { ...given, source }, actors[source]);
      this.#refusals.delete(file);
      if (changed) onChange();
    } catch (error) {
      const problem = asProblem(error);
      const code = (error as NodeJS.ErrnoException).code;
      if (problem !== undefined && problem.status < 500) await this.#refuse(file, problem.message);
      else if (code === undefined || problem !== undefined) throw error;
      else await this.#refuse(file, `cannot be read: ${code}`);
    }
  }

  async #refuse(file: string, detail: string): Promise<void> {
    if (this.#refusals.get(file) === detail) return;
    this.#refusals.set(file, detail);
    const { database, log, onChange } = this.#options;
    log.warn({ file, detail }, 'script refused');
    const about = { subject: file, actor: actors.directory, data: { detail } };
    await appendEvents(database, [{ type: 'script.refused', ...about }]);
    onChange();
  }

  /** An empty directory from the start is rather another directory than a decision. */
  async #removeAbsent(source: FileSource, files: readonly ScriptFile[]): Promise<void> {
    const { database, log, onChange } = this.#options;
    const names = new Set(files.map(({ file }) => file.toLowerCase()));
    for (const name of names) this.#seen.add(name);
    for (const script of await listStoredScripts(database)) {
      const { name } = script;
      if (script.source !== source || names.has(name)) continue;
      const isOther = source === 'directory' && files.length === 0 && !this.#seen.has(name);
      if (isOther) continue;
      await removeScript(database, { name, actor: actors[source], from: source });
      log.info({ script: name, source }, 'the file of the script was removed; the script was too');
      onChange();
    }
  }
}

interface ScriptFile {
  readonly file: string;
  /** Changes with content and settings. */
  readonly print: string;
}

const settingsEnding = '.settings.yaml';

/** Scripts, without hidden files and settings. */
async function listFiles(directory: string): Promise<ScriptFile[]> {
  const names = (await readdir(directory)).filter((name) => !name.startsWith('.')).toSorted();
  const files: ScriptFile[] = [];
  for (const file of names) {
    if (file.endsWith(settingsEnding)) continue;
    const print = await fingerprint(join(directory, file));
    if (print === undefined) continue;
    const settings = await fingerprint(join(directory, `${file}${settingsEnding}`));
    files.push({ file, print: `${print} ${settings ?? ''}` });
  }
  return files.slice(0, limits.scripts);
}

async function fingerprint(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  if (found?.isFile() !== true) return undefined;
  return [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(':');
}

async function readScriptFile(
  directory: string,
  file: string,
): Promise<Omit<GivenScript, 'source'>> {
  const name = scriptName.safeParse(file.toLowerCase());
  if (!name.success) throw invalid(`name: ${name.error.issues[0]?.message ?? 'invalid'}`);
  const content = await readBounded(join(directory, file), limits.scriptBytes);
  const path = join(directory, `${file}${settingsEnding}`);
  const text = await readBounded(path, scriptServerLimits.settingsBytes).catch(absent);
  const settings = readSettings(text?.toString('utf8') ?? '', `${file}${settingsEnding}`);
  return { name: name.data, kind: kindOf(file), content, settings };
}

function absent(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}

const endings: Readonly<Record<string, ScriptKind>> = {
  sh: 'shell',
  py: 'python',
  js: 'javascript',
};

function kindOf(file: string): ScriptKind {
  const ending = /\.([a-z]+)$/i.exec(file)?.[1]?.toLowerCase();
  return endings[ending ?? ''] ?? 'binary';
}

function readSettings(text: string, file: string): ScriptSettings {
  let value: unknown;
  try {
    value = parse(text) as unknown;
  } catch (error) {
    throw invalid(`${file}: ${(error as Error).message.split('\n')[0] ?? ''}`);
  }
  const parsed = scriptSettings.strict().safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw invalid(`${file}: ${issues.join('; ')}`);
}

/** Without blocking: a pipe that replaced the file may have no writer. */
async function readBounded(path: string, maxBytes: number): Promise<Buffer> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { size } = await handle.stat();
    if (size > maxBytes) throw invalid(`expected at most ${maxBytes} bytes, got ${size}`);
    const bytes = Buffer.alloc(size);
    const { bytesRead } = await handle.read(bytes, 0, size, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function invalid(message: string): Problem {
  return new Problem('invalid_script', message);
}
