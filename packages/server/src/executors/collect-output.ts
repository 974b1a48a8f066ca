/**
 * Checks the output directory of an engine entry by entry while it is streamed. The sample
 * may control every byte of it: only regular files at plain relative paths are accepted, sizes
 * are known and counted before content is read, and nothing is ever written to a path.
 */
import { plural } from '@lazaret/protocol';

import type { TarEntry } from '@lazaret/analysis';
import { TarError } from '@lazaret/analysis';

import { matchesGlob } from './glob.ts';
import { executorLimits } from './limits.ts';

export interface OutputRules {
  /** The result file; without it the artifacts are the result. */
  readonly result?: string;
  /** Globs of required files; each must match something. */
  readonly artifacts: readonly string[];
  /** Globs of optional files. */
  readonly optional: readonly string[];
  /** Paths that are not output: the inputs, when both share a directory. */
  readonly ignore: readonly string[];
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** Receives the content of a stored file. */
export interface OutputSink {
  put(
    path: string,
    content: AsyncIterable<Uint8Array>,
  ): Promise<{ readonly sha256: string; readonly sizeBytes: number }>;
}

export interface OutputFile {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Whether it is the result of the rules. */
  readonly primary: boolean;
}

export interface RefusedEntry {
  readonly path: string;
  readonly reason: RefusalReason;
}

export type RefusalReason =
  | Exclude<TarEntry['type'], 'file' | 'directory'>
  | 'unsafe_path'
  | 'path_too_long'
  | 'duplicate_path';

export interface CollectedOutput {
  readonly files: readonly OutputFile[];
  /** The first `executorLimits.refusedEntriesListed` of them. */
  readonly refused: readonly RefusedEntry[];
  readonly refusedCount: number;
  /** Stored under a name in which control characters were replaced. */
  readonly escapedCount: number;
  /**
   * `output_limit`: more than the limit; the rest was not examined.
   * `output_refused`: a required entry exists, but its type is refused.
   * `no_result`, `empty_result`: the result, or without one a required artifact.
   */
  readonly outcome: 'complete' | 'output_limit' | 'output_refused' | 'no_result' | 'empty_result';
  /** A message for people. */
  readonly detail: string;
}

/** Streams the files of the rules to the sink. Throws errors of the sink and the stream. */
export async function collectOutput(
  entries: AsyncIterable<TarEntry>,
  rules: OutputRules,
  sink: OutputSink,
): Promise<CollectedOutput> {
  const collection = new Collection(rules);
  try {
    for await (const entry of entries) {
      const path = collection.admit(entry);
      if (collection.limit !== undefined) break;
      if (path !== undefined) collection.keep(path, await sink.put(path, entry.content));
    }
  } catch (error) {
    if (!(error instanceof TarError) || !error.isLimit) throw error;
    collection.limit = error.message;
  }
  return collection.judge();
}

class Collection {
  limit: string | undefined;
  readonly #rules: OutputRules;
  readonly #files: OutputFile[] = [];
  readonly #refused: RefusedEntry[] = [];
  /** Every refused path that a rule may require; bounded by maxEntries. */
  readonly #refusedPaths: string[] = [];
  readonly #taken = new Set<string>();
  #entries = 0;
  #bytes = 0;
  #escaped = 0;

  constructor(rules: OutputRules) {
    this.#rules = rules;
  }

  /** The path under which an entry is stored, or undefined when it is not. */
  admit(entry: TarEntry): string | undefined {
    const { maxEntries, maxBytes, ignore } = this.#rules;
    this.#entries += 1;
    if (this.#entries > maxEntries) {
      this.limit = `the output has more than ${maxEntries} entries`;
      return undefined;
    }
    if (entry.type === 'directory') return undefined;
    const path = escapeName(entry.path);
    if (entry.type === 'file' && ignore.includes(path)) return undefined;
    const reason = this.#refusal(entry, path);
    if (reason !== undefined) {
      this.#refuse(path, reason);
      return undefined;
    }
    if (!this.#isWanted(path)) return undefined;
    if (this.#bytes + entry.sizeBytes > maxBytes) {
      this.limit = `the output has more than ${maxBytes} bytes (${path} has ${entry.sizeBytes})`;
      return undefined;
    }
    this.#bytes += entry.sizeBytes;
    this.#taken.add(path);
    if (path !== entry.path || entry.rawPath !== undefined) this.#escaped += 1;
    return path;
  }

  keep(path: string, stored: { readonly sha256: string; readonly sizeBytes: number }): void {
    const { sha256, sizeBytes } = stored;
    this.#files.push({ path, sha256, sizeBytes, primary: path === this.#rules.result });
  }

  judge(): CollectedOutput {
    return {
      files: this.#files,
      refused: this.#refused,
      refusedCount: this.#refusedPaths.length,
      escapedCount: this.#escaped,
      ...this.#verdict(),
    };
  }

  #refusal(entry: TarEntry, path: string): RefusalReason | undefined {
    if (entry.type !== 'file' && entry.type !== 'directory') return entry.type;
    const segments = path.split('/');
    if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) {
      return 'unsafe_path';
    }
    if (Buffer.byteLength(path) > executorLimits.outputPathBytes) return 'path_too_long';
    return this.#taken.has(path) ? 'duplicate_path' : undefined;
  }

  #refuse(path: string, reason: RefusalReason): void {
    this.#refusedPaths.push(path);
    if (this.#refused.length >= executorLimits.refusedEntriesListed) return;
    this.#refused.push({ path: path.slice(0, executorLimits.outputPathBytes), reason });
  }

  #isWanted(path: string): boolean {
    const { result, artifacts, optional } = this.#rules;
    if (path === result) return true;
    return [...artifacts, ...optional].some((glob) => matchesGlob(glob, path));
  }

  #verdict(): Pick<CollectedOutput, 'outcome' | 'detail'> {
    if (this.limit !== undefined) return { outcome: 'output_limit', detail: this.limit };
    const missing = this.#firstMissing();
    if (missing !== undefined) {
      const refused = this.#refusedPaths.some((path) => matchesGlob(missing, path));
      return refused
        ? { outcome: 'output_refused', detail: `${missing} exists, but is not a regular file` }
        : { outcome: 'no_result', detail: `no output file ${missing}` };
    }
    const { result } = this.#rules;
    const judged = this.#files.filter((file) => result === undefined || file.primary);
    if (judged.length > 0 && judged.every((file) => file.sizeBytes === 0)) {
      return { outcome: 'empty_result', detail: `${judged[0]?.path ?? ''} is empty` };
    }
    return {
      outcome: 'complete',
      detail: `${plural(this.#files.length, 'file')}, ${plural(this.#bytes, 'byte')}`,
    };
  }

  #firstMissing(): string | undefined {
    const { result, artifacts } = this.#rules;
    if (result !== undefined && !this.#taken.has(result)) return result;
    // The result counts as an artifact too, so that `**` requires nothing else.
    return artifacts.find((glob) => !this.#files.some(({ path }) => matchesGlob(glob, path)));
  }
}

/**
 * Control characters, invisible bidirectional ones, and bytes that were not UTF-8 are replaced by
 * an underscore: names are shown in terminals, file systems and browsers.
 */
function escapeName(path: string): string {
  return path.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffd]/gu, '_');
}
