/**
 * A pool of threads that examine layers, started on demand, up to the number of cores. A thread
 * that crashes or runs out of memory only fails its own layer, which is then not examined.
 */
import { MessageChannel, type Worker } from 'node:worker_threads';

import type { LayerAnswer, LayerJob, LayerRunner } from './layer-task.ts';
import type { LayerThreads } from './layer-threads.ts';
import type { WorkerProgress, WorkerRequest, WorkerSettings } from './layer-worker.ts';
import { unpackAnswer } from './packed-answer.ts';
import type { PackedAnswer } from './packed-answer.ts';
import { sendBytes } from '../../source/piped-bytes.ts';

export class LayerWorkers implements LayerRunner {
  readonly #settings: WorkerSettings;
  readonly #most: number;
  readonly #threads: LayerThreads;
  readonly #idle: Worker[] = [];
  readonly #waiting: (() => void)[] = [];
  #count = 0;
  #isClosed = false;

  /** Of the threads that may outlive it. */
  constructor(settings: WorkerSettings, threads: LayerThreads, most: number) {
    this.#settings = settings;
    this.#threads = threads;
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
      if (isUsable && !this.#isClosed) this.#idle.push(worker);
      else {
        this.#count -= 1;
        await (isUsable ? this.#threads.giveBack(worker) : worker.terminate());
      }
      this.#waiting.shift()?.();
    }
  }

  /** A layer that is still examined then gives its thread back when it ends. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#idle.splice(0).map((worker) => this.#threads.giveBack(worker)));
  }

  async #take(): Promise<Worker> {
    for (;;) {
      const idle = this.#idle.pop();
      if (idle !== undefined) return idle;
      if (this.#count < this.#most) {
        this.#count += 1;
        return this.#threads.take(this.#settings);
      }
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }
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
