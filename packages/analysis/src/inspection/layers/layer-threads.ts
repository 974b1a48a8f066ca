/**
 * The threads of a process that examine layers. One that is idle is kept for the next inspection,
 * because its start takes longer than a small layer; scanners and cache are those of the inspection
 * each time, so that changed signatures apply at once.
 */
import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';

import type { WorkerRequest, WorkerSettings } from './layer-worker.ts';

const MiB = 1024 * 1024;
/** Heap of a thread; a million files of a layer need about half of it. */
const heapMiB = 768;
/** Young generation; the default of Node costs 60 MiB more and saves no time. */
const youngMiB = 4;
/** A thread whose heap has grown above it is replaced instead of kept. */
const keptHeapMiB = 128;

export class LayerThreads {
  readonly #keeps: boolean;
  #spare: Worker | undefined;
  #isClosed = false;

  constructor({ keeps }: { readonly keeps: boolean }) {
    this.#keeps = keeps;
  }

  /** Starts the thread that the next inspection uses first. */
  prepare(): void {
    if (this.#keepsAnother()) this.#keep(this.#start());
  }

  /** For the tasks of one inspection. */
  take(settings: WorkerSettings): Worker {
    const worker = this.#spare ?? this.#start();
    this.#spare = undefined;
    worker.ref();
    worker.postMessage({ settings } satisfies WorkerRequest);
    return worker;
  }

  /** It must be idle. */
  async giveBack(worker: Worker): Promise<void> {
    if (this.#keepsAnother() && !(await isLarge(worker)) && this.#keepsAnother()) {
      worker.postMessage({ settings: undefined } satisfies WorkerRequest);
      this.#keep(worker);
      return;
    }
    await worker.terminate();
    this.prepare();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#spare?.terminate();
  }

  #keepsAnother(): boolean {
    return this.#keeps && !this.#isClosed && this.#spare === undefined;
  }

  /** It does not keep the process running. */
  #keep(worker: Worker): void {
    this.#spare = worker;
    worker.unref();
  }

  /** It waits for its settings. */
  #start(): Worker {
    const worker = new Worker(new URL('layer-thread.ts', import.meta.url), {
      workerData: { compileCache: compileCacheHome() },
      resourceLimits: { maxOldGenerationSizeMb: heapMiB, maxYoungGenerationSizeMb: youngMiB },
    });
    // A spare one that fails is replaced at its next use, which reports the error if it has one.
    worker.on('error', () => undefined);
    worker.once('exit', () => {
      if (this.#spare === worker) this.#spare = undefined;
    });
    return worker;
  }
}

async function isLarge(worker: Worker): Promise<boolean> {
  // It fails for a thread that has ended.
  const heap = await worker.getHeapStatistics().catch(() => undefined);
  return heap === undefined || heap.used_heap_size > keptHeapMiB * MiB;
}

/**
 * The directory given to `enableCompileCache` in this thread; Node creates a subdirectory in it.
 */
function compileCacheHome(): string | undefined {
  const directory = getCompileCacheDir();
  return directory === undefined ? undefined : dirname(directory);
}
