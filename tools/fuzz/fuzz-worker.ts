/** The thread that fuzzes one target, so that a parser that hangs can be stopped from outside. */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';

// Loaded before the coverage starts: it is not a target and must not be counted.
import '@lazaret/protocol';

import { CodeCoverage } from './code-coverage.ts';
import { Fuzzer, inputName } from './fuzzer.ts';
import type { FuzzFinding } from './fuzzer.ts';
import { harvestWords, sourcePath } from './harvest.ts';
import { loadTarget } from './targets/all-targets.ts';

export interface FuzzTask {
  readonly target: string;
  readonly seed: number;
  readonly seconds: number;
  /** Ends earlier after this many executions. */
  readonly executions: number;
  /** Directory of the corpus between runs. */
  readonly corpusDirectory: string;
  /** Runs only these. */
  readonly inputs: readonly string[];
  readonly shared: FuzzShared;
}

/** State that survives the thread. */
export interface FuzzShared {
  /** Number of started executions, and the length of the input. */
  readonly counters: Int32Array;
  readonly input: Uint8Array;
}

export type FuzzMessage =
  | { readonly type: 'finding'; readonly finding: FuzzFinding }
  | { readonly type: 'progress'; readonly progress: FuzzProgress };

export interface FuzzProgress {
  readonly executions: number;
  readonly corpus: number;
  readonly reached: { readonly run: number; readonly all: number };
  readonly slowest: { readonly ms: number; readonly sizeBytes: number };
}

const task = workerData as FuzzTask;
const { counters, input: sharedInput } = task.shared;
await fuzz();

async function fuzz(): Promise<void> {
  let files: readonly string[] = [];
  const coverage = new CodeCoverage((url) =>
    files.some((file) => url.includes(`/${sourcePath(file)}`)),
  );
  const target = await loadTarget(task.target);
  files = target.files;
  const words = [...harvestWords(files), ...(target.words ?? []).map((one) => Buffer.from(one))];
  const fuzzer = new Fuzzer(target, {
    seed: task.seed,
    coverage,
    words,
    onInput: share,
    onFinding: (finding) => post({ type: 'finding', finding }),
    onCorpusInput: (kept) => writeFileSync(join(task.corpusDirectory, inputName(kept)), kept),
  });
  if (task.inputs.length > 0) {
    for (const path of task.inputs) await fuzzer.execute(readFileSync(path));
  } else {
    await fuzzer.plant([
      ...readCorpus(),
      ...Array.from(await target.seeds(), (one) => Buffer.from(one)),
    ]);
    const end = performance.now() + task.seconds * 1_000;
    while (performance.now() < end && fuzzer.executions < task.executions) {
      await fuzzer.runBatch();
      report(fuzzer, coverage);
      // Unhandled rejections are reported now, while their input is known.
      await setImmediate();
    }
  }
  report(fuzzer, coverage);
  coverage.close();
}

function readCorpus(): Buffer[] {
  mkdirSync(task.corpusDirectory, { recursive: true });
  const names = readdirSync(task.corpusDirectory).toSorted();
  return names.map((name) => readFileSync(join(task.corpusDirectory, name)));
}

function share(input: Buffer): void {
  sharedInput.set(input.subarray(0, sharedInput.length));
  Atomics.store(counters, 1, Math.min(input.length, sharedInput.length));
  Atomics.add(counters, 0, 1);
}

function report({ executions, corpus, slowest }: Fuzzer, { reached }: CodeCoverage): void {
  post({ type: 'progress', progress: { executions, corpus: corpus.length, reached, slowest } });
}

function post(message: FuzzMessage, port: MessagePort | null = parentPort): void {
  port?.postMessage(message);
}
