/** Runs the thread of one target, and starts another one after a hang or a crash. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

import type { FuzzMessage, FuzzProgress, FuzzShared, FuzzTask } from './fuzz-worker.ts';
import { inputName } from './fuzzer.ts';
import type { FindingKind, FuzzFinding } from './fuzzer.ts';

export interface SuperviseOptions {
  readonly target: string;
  readonly seed: number;
  readonly seconds: number;
  readonly executions: number;
  /** For corpora and findings. */
  readonly directory: string;
  readonly inputs: readonly string[];
  /** An input that runs longer is stopped. */
  readonly hangMs: number;
}

export interface SavedFinding {
  readonly kind: FindingKind;
  readonly detail: string;
  readonly path: string;
}

export interface FuzzOutcome extends FuzzProgress {
  readonly seconds: number;
  readonly findings: readonly SavedFinding[];
}

const inputBytesMax = 1024 * 1024;
const heapMiB = 768;
/** Threads that are started for one target: each hang or crash costs one. */
const threadsMax = 6;

export async function supervise(options: SuperviseOptions): Promise<FuzzOutcome> {
  const begin = performance.now();
  const secondsGone = (): number => (performance.now() - begin) / 1_000;
  const found = new Map<string, SavedFinding>();
  const take = (finding: FuzzFinding): void => {
    if (!found.has(finding.key)) found.set(finding.key, save(options, finding));
  };
  let total = nothingYet;
  for (let thread = 0; thread < threadsMax; thread += 1) {
    const seconds = options.seconds - secondsGone();
    if (thread > 0 && seconds < 1) break;
    const task = { ...options, seed: options.seed + thread * 7_919, seconds };
    const { progress, end } = await runThread(task, take);
    total = { ...progress, executions: total.executions + progress.executions };
    if (end === undefined || options.inputs.length > 0) break;
  }
  return { ...total, seconds: secondsGone(), findings: [...found.values()] };
}

const nothingYet: FuzzProgress = {
  executions: 0,
  corpus: 0,
  reached: { run: 0, all: 0 },
  slowest: { ms: 0, sizeBytes: 0 },
};

interface ThreadEnd {
  readonly progress: FuzzProgress;
  /** Why it ended early. */
  readonly end?: 'hang' | 'crash';
}

async function runThread(
  options: SuperviseOptions,
  take: (finding: FuzzFinding) => void,
): Promise<ThreadEnd> {
  const shared = {
    counters: new Int32Array(new SharedArrayBuffer(8)),
    input: new Uint8Array(new SharedArrayBuffer(inputBytesMax)),
  };
  const { target, seed, seconds, executions, inputs } = options;
  const corpusDirectory = join(options.directory, 'corpus', fileName(target));
  const task: FuzzTask = { target, seed, seconds, executions, corpusDirectory, inputs, shared };
  const worker = new Worker(new URL('fuzz-worker.ts', import.meta.url), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: heapMiB },
  });
  let progress = nothingYet;
  worker.on('message', (message: FuzzMessage) => {
    if (message.type === 'finding') {
      // Buffers arrive as plain arrays of bytes.
      take({ ...message.finding, input: Buffer.from(message.finding.input) });
    } else ({ progress } = message);
  });
  const end = await watch(worker, shared, options.hangMs);
  if (end === undefined) return { progress };
  const input = Buffer.from(shared.input.slice(0, Atomics.load(shared.counters, 1)));
  take({ ...end, key: `${end.kind} ${end.detail.slice(0, 120)}`, input });
  progress = { ...progress, executions: Atomics.load(shared.counters, 0) };
  return { progress, end: end.kind };
}

interface AbnormalExit {
  readonly kind: 'hang' | 'crash';
  readonly detail: string;
}

/** Resolves when the thread has ended; undefined when it ended by itself. */
function watch(
  worker: Worker,
  { counters }: FuzzShared,
  hangMs: number,
): Promise<AbnormalExit | undefined> {
  return new Promise((resolve) => {
    let bad: AbnormalExit | undefined;
    let seen = -1;
    let since = performance.now();
    const timer = setInterval(() => {
      const count = Atomics.load(counters, 0);
      if (count !== seen) [seen, since] = [count, performance.now()];
      // Before the first input the thread is loading.
      if (count === 0 || performance.now() - since < hangMs) return;
      bad = { kind: 'hang', detail: `no end after ${hangMs} ms` };
      void worker.terminate();
    }, 250);
    worker.once('error', (error: unknown) => {
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      bad ??= { kind: 'crash', detail };
    });
    worker.once('exit', (code) => {
      clearInterval(timer);
      if (code !== 0) bad ??= { kind: 'crash', detail: `the thread ended with code ${code}` };
      resolve(bad);
    });
  });
}

function save({ directory, target }: SuperviseOptions, finding: FuzzFinding): SavedFinding {
  const { kind, detail, input } = finding;
  const folder = join(directory, 'findings');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${fileName(target)}-${kind}-${inputName(input)}`);
  writeFileSync(path, input);
  writeFileSync(`${path}.txt`, `${target}\n${detail}\n`);
  return { kind, detail, path };
}

/** Names of readers contain a colon, which not every file system supports. */
function fileName(target: string): string {
  return target.replaceAll(':', '-');
}
