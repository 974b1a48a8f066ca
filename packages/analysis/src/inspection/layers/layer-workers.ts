/**
 * A pool of threads that examine layers, started on demand, up to the number of cores. A thread
 * that crashes or runs out of memory only fails its own layer, which is then not examined.
 */
import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';

import type { LayerAnswer, LayerJob, LayerRunner } from './layer-task.ts';
import type { WorkerProgress, WorkerRequest, WorkerSettings } from './layer-worker.ts';
import { unpackAnswer } from './packed-answer.ts';
import type { PackedAnswer } from './packed-answer.ts';
import { sendBytes } from '../../source/piped-bytes.ts';

/** Heap of a thread; a million files of a layer need about half of it. */
const heapMiB = 768;
/** Young generation; the default of Node costs 60 MiB more and saves no time. */
const youngMiB = 4;

export class LayerWorkers implements LayerRunner {
  readonly #settings: WorkerSettings;
  readonly #most: number;
  readonly #idle: Worker[] = [];
  readonly #waiting: (() => void)[] = [];
  #count = 0;

  constructor(settings: WorkerSettings, most: number) {
    this.#settings = settings;
    this.#most = Math.max(1, most);
  }

  async run(job: LayerJob): Promise<LayerAnswer> {
    const worker = await this.#take();
    let isUsable = false;
    try {
      const answer = await ask(worker, job);
      isUsable = true;
      return answer;
    } catch (error) {
      const detail = error instanceof Error ? error.message : 'the worker thread ended';
      return { failure: { code: 'crashed', detail } };
    } finally {
      if (isUsable) this.#idle.push(worker);
      else {
        this.#count -= 1;
        await worker.terminate();
      }
      this.#waiting.shift()?.();
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#idle.map((worker) => worker.terminate()));
    this.#idle.length = 0;
  }

  async #take(): Promise<Worker> {
    for (;;) {
      const idle = this.#idle.pop();
      if (idle !== undefined) return idle;
      if (this.#count < this.#most) {
        this.#count += 1;
        return new Worker(new URL('layer-thread.ts', import.meta.url), {
          workerData: { ...this.#settings, compileCache: compileCacheHome() },
          resourceLimits: { maxOldGenerationSizeMb: heapMiB, maxYoungGenerationSizeMb: youngMiB },
        });
      }
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }
}

/**
 * The directory given to `enableCompileCache` in this thread; Node creates a subdirectory in it.
 */
function compileCacheHome(): string | undefined {
  const directory = getCompileCacheDir();
  return directory === undefined ? undefined : dirname(directory);
}

/** Rejects when the thread ends without a result. */
function ask(worker: Worker, { task, open, onProgress }: LayerJob): Promise<LayerAnswer> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: WorkerProgress | PackedAnswer): void => {
      if ('files' in message) {
        onProgress?.(message.files);
        return;
      }
      done();
      resolve(unpackAnswer(message));
    };
    const onEnd = (reason: unknown): void => {
      done();
      reject(
        reason instanceof Error ? reason : new Error('the worker thread ended without a result'),
      );
    };
    const done = (): void => {
      worker.off('message', onMessage).off('error', onEnd).off('exit', onEnd);
    };
    worker.on('message', onMessage).on('error', onEnd).on('exit', onEnd);
    if (task.stored !== 'sent') {
      worker.postMessage({ task } satisfies WorkerRequest);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    worker.postMessage({ task, port: port2 } satisfies WorkerRequest, [port2]);
    // Errors of the source are sent through the port.
    void sendBytes(open, port1);
  });
}
