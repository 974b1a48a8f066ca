/**
 * The native program, one process per file, so that a crash only affects that file. Rules are
 * compiled once; neither they nor the files get a name on a disk.
 */
import type { FileHandle } from 'node:fs/promises';

import { scanLimits } from '../limits.ts';
import { openUnnamedFile } from './unnamed-file.ts';
import { readRuleSet } from './rule-set.ts';
import type { RuleSet } from './rule-set.ts';
import { runProgram } from './run-program.ts';
import type { RunResult } from './run-program.ts';
import { WorkQueue } from './work-queue.ts';
import type { YaraBounds, YaraEngine, YaraOutcome } from './yara-engine.ts';
import { readYaraOutput } from './yara-output.ts';

export interface NativePrograms {
  /** Paths of `yara` and `yarac`, version 4. */
  readonly yara: string;
  readonly yarac: string;
  /** A directory for unnamed files, preferably in memory: `/dev/shm`. */
  readonly scratchDirectory: string;
}

const rulesPath = '/proc/self/fd/3';
const samplePath = '/proc/self/fd/0';
const printAll = ['--print-namespace', '--print-tags', '--print-meta', '--print-strings'];
const scanWords = [...printAll, '--print-string-length', '--no-warnings', '--compiled-rules'];
const outputBytes = scanLimits.yaraOutputBytes;

export class NativeYara implements YaraEngine {
  readonly #rules: RuleSet;
  readonly #programs: NativePrograms;
  readonly #fileMs: number;
  readonly #queue: WorkQueue;
  readonly #closing = new AbortController();
  #compiled: Promise<FileHandle> | undefined;
  #name = 'YARA';

  constructor(rules: RuleSet, programs: NativePrograms, { fileMs, workers }: YaraBounds) {
    this.#rules = rules;
    this.#programs = programs;
    this.#fileMs = fileMs;
    this.#queue = new WorkQueue(workers);
  }

  get name(): string {
    return this.#name;
  }

  async check(): Promise<string | undefined> {
    try {
      const bounds = { timeMs: this.#fileMs, outputBytes, signal: this.#closing.signal };
      const version = await runProgram(this.#programs.yara, ['--version'], bounds);
      if (version.problem !== undefined) return version.problem;
      this.#name = `YARA ${version.output.trim().slice(0, 50)}`;
      await this.#compile();
      return undefined;
    } catch (error) {
      return textOf(error);
    }
  }

  scan(bytes: Buffer, signal?: AbortSignal): Promise<YaraOutcome> {
    return this.#queue.run(async () => {
      let sample: FileHandle | undefined;
      try {
        const compiled = await this.#compile();
        sample = await openUnnamedFile(this.#programs.scratchDirectory, bytes);
        const { signal: closing } = this.#closing;
        const ended = signal === undefined ? closing : AbortSignal.any([signal, closing]);
        const result = await this.#scanFile(sample, compiled, ended);
        if (ended.aborted) return failure('the scan was cancelled');
        return readResult(result);
      } catch (error) {
        return failure(textOf(error));
      } finally {
        await sample?.close();
      }
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#queue.idle();
    const compiled = await this.#compiled?.catch(() => undefined);
    this.#compiled = undefined;
    await compiled?.close();
  }

  #scanFile(sample: FileHandle, compiled: FileHandle, signal: AbortSignal): Promise<RunResult> {
    // Its own limit only has whole seconds, and is a safeguard if this process dies.
    const seconds = Math.ceil(this.#fileMs / 1_000) + 1;
    const words = [...scanWords, `--timeout=${seconds}`, rulesPath, samplePath];
    const descriptors = { input: sample.fd, third: compiled.fd };
    const bounds = { timeMs: this.#fileMs, outputBytes, signal };
    return runProgram(this.#programs.yara, words, { ...bounds, ...descriptors });
  }

  #compile(): Promise<FileHandle> {
    if (this.#closing.signal.aborted) return Promise.reject(new Error('the scanner was closed'));
    this.#compiled ??= this.#compileRules();
    return this.#compiled;
  }

  async #compileRules(): Promise<FileHandle> {
    const compiled = await openUnnamedFile(this.#programs.scratchDirectory);
    try {
      const { files } = this.#rules;
      const sources = files.map(({ path }, index) => `f${index}:${path}`);
      const timeMs = scanLimits.yaraCompileMs;
      const bounds = { timeMs, outputBytes, third: compiled.fd, signal: this.#closing.signal };
      const words = ['-w', ...sources, rulesPath];
      const result = await runProgram(this.#programs.yarac, words, bounds);
      if (result.isLate) throw new Error(`the rules were not compiled in ${timeMs} ms`);
      if (result.problem !== undefined) throw new Error(namePlace(result.problem, this.#rules));
      // The compiler read the files itself: they must still match the digest.
      const texts = new Map(files.map(({ path, text }) => [path, text]));
      const now = await readRuleSet([...texts.keys()]);
      if (now.files.some(({ path, text }) => texts.get(path) !== text)) {
        throw new Error('the rules changed while they were compiled');
      }
      return compiled;
    } catch (error) {
      await compiled.close();
      throw error;
    }
  }
}

function readResult(result: RunResult): YaraOutcome {
  const { output, problem, isLate, isCut } = result;
  if (isLate || (problem !== undefined && problem.includes('timed out'))) {
    return { kind: 'timed_out' };
  }
  if (isCut) {
    const whole = output.slice(0, output.lastIndexOf('\n') + 1);
    return { kind: 'done', matches: readYaraOutput(whole), isCut: true };
  }
  if (problem !== undefined) return failure(problem);
  return { kind: 'done', matches: readYaraOutput(output), isCut: false };
}

function failure(detail: string): YaraOutcome {
  return { kind: 'failed', detail: detail.slice(0, scanLimits.yaraErrorChars) };
}

/** `error: rule "x" in /path/a.yar(3): syntax error` becomes `a.yar:3: rule "x": syntax error`. */
function namePlace(problem: string, { files }: RuleSet): string {
  const first = problem.split('\n', 1)[0] ?? '';
  for (const { path, name } of files) {
    const at = first.indexOf(`${path}(`);
    if (at < 0) continue;
    const [, line = '', what = ''] =
      /^\((\d{1,9})\): (.*)$/.exec(first.slice(at + path.length)) ?? [];
    return `${name}:${line}: ${what}`;
  }
  return first;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
