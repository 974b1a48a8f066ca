/**
 * YARA-X as WebAssembly, in threads that each have the compiled rules. Its own time limit does not
 * work there and resource limits of a thread do not bound the module's memory, so that a thread is
 * killed when a file takes too long, and replaced when it has grown or trapped.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

import { scanLimits } from '../limits.ts';
import type { RuleSet } from './rule-set.ts';
import type { RuleMatch, YaraBounds, YaraEngine, YaraOutcome } from './yara-engine.ts';
import type { FromWorker, WorkerMatch, WorkerRules } from './yara-messages.ts';
import { WorkQueue } from './work-queue.ts';

interface ThreadBounds extends YaraBounds {
  /** Memory of a thread's module above which it is replaced. */
  readonly memoryBytes?: number;
}

export class WasmYara implements YaraEngine {
  readonly #rules: RuleSet;
  readonly #fileMs: number;
  readonly #memoryBytes: number;
  readonly #queue: WorkQueue;
  readonly #idle: RuleThread[] = [];
  readonly #all = new Set<RuleThread>();
  #name = 'YARA-X';
  #problem: string | undefined;
  #isClosed = false;

  constructor(
    rules: RuleSet,
    { fileMs, workers, memoryBytes = scanLimits.yaraMemoryBytes }: ThreadBounds,
  ) {
    this.#rules = rules;
    this.#memoryBytes = memoryBytes;
    this.#fileMs = fileMs;
    this.#queue = new WorkQueue(workers);
  }

  get name(): string {
    return this.#name;
  }

  check(): Promise<string | undefined> {
    return this.#queue.run(async () => {
      const problem = await this.#attempt(async (thread) => {
        this.#keep(thread);
        return Promise.resolve(undefined);
      });
      return typeof problem === 'string' ? problem : undefined;
    });
  }

  scan(bytes: Buffer, signal?: AbortSignal): Promise<YaraOutcome> {
    return this.#queue.run(async () => {
      if (signal?.aborted === true) return { kind: 'failed', detail: 'the scan was cancelled' };
      const outcome = await this.#attempt((thread) => this.#scanWith(thread, bytes, signal));
      return typeof outcome === 'string' ? { kind: 'failed', detail: outcome } : outcome;
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#all].map((thread) => thread.end()));
  }

  /** Runs `work` with a ready thread, or reports why there is none. */
  async #attempt<T>(work: (thread: RuleThread) => Promise<T>): Promise<T | string> {
    try {
      return await work(await this.#take());
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  async #take(): Promise<RuleThread> {
    if (this.#isClosed) throw new Error('the scanner was closed');
    if (this.#problem !== undefined) throw new Error(this.#problem);
    const kept = this.#idle.pop();
    if (kept !== undefined) return kept;
    const { module, version } = findModule();
    this.#name = `YARA-X ${version}`;
    const texts = this.#rules.files.map(({ text }) => text);
    const thread = new RuleThread({ module, texts, patternMatches: scanLimits.yaraPatternMatches });
    this.#all.add(thread);
    const first = await thread.next(scanLimits.yaraCompileMs);
    if (first.type === 'ready') return thread;
    await this.#drop(thread);
    // The next thread would fail like this one; it need not be tried for a hundred thousand files.
    this.#problem = describeStart(first, this.#rules);
    throw new Error(this.#problem);
  }

  async #scanWith(
    thread: RuleThread,
    bytes: Buffer,
    signal: AbortSignal | undefined,
  ): Promise<YaraOutcome> {
    const abort = (): void => void thread.end();
    signal?.addEventListener('abort', abort, { once: true });
    const answer = await thread.ask(bytes, this.#fileMs);
    signal?.removeEventListener('abort', abort);
    if (answer.type === 'matches') {
      const isWorn =
        thread.scannedBytes > scanLimits.yaraWorkerBytes || answer.memoryBytes > this.#memoryBytes;
      if (isWorn) await this.#drop(thread);
      else this.#keep(thread);
      return { kind: 'done', matches: answer.matches.map(readMatch), isCut: false };
    }
    // After a trap the module must not be used again.
    await this.#drop(thread);
    if (signal?.aborted === true) return { kind: 'failed', detail: 'the scan was cancelled' };
    if (answer.type === 'late') return { kind: 'timed_out' };
    return { kind: 'failed', detail: `YARA-X: ${textOf(answer)}` };
  }

  #keep(thread: RuleThread): void {
    if (this.#isClosed) void thread.end();
    else this.#idle.push(thread);
  }

  async #drop(thread: RuleThread): Promise<void> {
    this.#all.delete(thread);
    await thread.end();
  }
}

type Answer = FromWorker | { readonly type: 'late' } | { readonly type: 'gone'; message: string };

/** One thread, with one request at a time. */
class RuleThread {
  readonly #worker: Worker;
  #settle: ((answer: Answer) => void) | undefined;
  #gone: string | undefined;
  scannedBytes = 0;

  constructor(rules: WorkerRules) {
    const options = { workerData: rules, env: {}, stdout: true, stderr: true };
    this.#worker = new Worker(new URL('./yara-worker.ts', import.meta.url), options);
    this.#worker.on('message', (message: FromWorker) => this.#answer(message));
    this.#worker.on('error', (error) => this.#leave(String(error)));
    this.#worker.on('exit', () => this.#leave('the thread ended'));
    this.#worker.unref();
  }

  /** The next answer, `late` when there is none in time: then the thread must be dropped. */
  async next(timeMs: number): Promise<Answer> {
    if (this.#gone !== undefined) return { type: 'gone', message: this.#gone };
    this.#worker.ref();
    const answer = await new Promise<Answer>((resolve) => {
      const timer = setTimeout(() => this.#answer({ type: 'late' }), timeMs);
      this.#settle = (settled) => {
        clearTimeout(timer);
        resolve(settled);
      };
    });
    this.#worker.unref();
    return answer;
  }

  ask(bytes: Buffer, timeMs: number): Promise<Answer> {
    this.scannedBytes += bytes.length;
    // A copy of just these bytes, which is transferred: a view would transfer its whole buffer.
    const copy = Uint8Array.from(bytes);
    if (this.#gone === undefined) this.#worker.postMessage(copy, [copy.buffer]);
    return this.next(timeMs);
  }

  async end(): Promise<void> {
    this.#leave('the thread was ended');
    await this.#worker.terminate();
  }

  #leave(message: string): void {
    this.#gone ??= message;
    this.#answer({ type: 'gone', message });
  }

  #answer(answer: Answer): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(answer);
  }
}

function readMatch({ metadata, ...match }: WorkerMatch): RuleMatch {
  return { ...match, metadata: new Map(metadata) };
}

/** `net.yar:3: error[E009]: unknown pattern`: the one-line summary of the compiler's report. */
function describeStart(answer: Answer, rules: RuleSet): string {
  if (answer.type === 'late')
    return `the rules were not compiled in ${scanLimits.yaraCompileMs} ms`;
  if (answer.type !== 'refused') return `YARA-X cannot start: ${textOf(answer)}`;
  const name = rules.files[answer.file]?.name ?? 'all rules together';
  const line = /--> (?:line:)?(\d{1,9}):/.exec(answer.message)?.[1];
  const place = line === undefined ? name : `${name}:${line}`;
  const [what = ''] = answer.message.trim().split('\n', 1);
  return `${place}: ${what.slice(0, scanLimits.yaraErrorChars)}`;
}

function textOf(answer: Answer): string {
  return 'message' in answer ? answer.message.slice(0, scanLimits.yaraErrorChars) : answer.type;
}

function findModule(): { module: string; version: string } {
  const entry = import.meta.resolve('@virustotal/yara-x');
  const about = new URL(import.meta.resolve('@virustotal/yara-x/package.json'));
  const { version } = JSON.parse(readFileSync(about, 'utf8')) as { version: string };
  return { module: fileURLToPath(new URL('yara_x_js_bg.wasm', entry)), version };
}
