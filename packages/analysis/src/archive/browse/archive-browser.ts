/**
 * Reads archives for a server in separate threads: an archive that needs too much time or
 * memory costs its own request and nothing else. Threads end when they were idle for a while, and
 * with them the archives that they cache.
 */
import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';

import { limits } from '@lazaret/protocol';

import { ArchiveError } from './archive-error.ts';
import type {
  ArchiveSummary,
  BrowseAnswer,
  BrowseRequest,
  MemberContent,
} from './browse-worker.ts';
import type { MemberPage, PageRequest } from './page-members.ts';

/** An archive by what identifies its bytes, and how to get them. */
export interface ArchiveSource {
  readonly key: string;
  readonly open: () => Promise<Buffer>;
  /** Positions of the path to an archive inside the archive. */
  readonly inside: readonly number[];
}

export interface BrowserOptions {
  /** Threads at a time; 2 unless given. */
  readonly threads?: number;
  /** For one request. */
  readonly timeMs?: number;
}

/** Heap of a thread: listings of 100,000 members need about a tenth. */
const heapMiB = 384;
const idleMs = 60_000;
const waitingMax = 32;

/** Throws ArchiveError from each of its methods. */
export class ArchiveBrowser {
  readonly #most: number;
  readonly #timeMs: number;
  readonly #idle: { readonly worker: Worker; readonly timer: NodeJS.Timeout }[] = [];
  readonly #waiting: (() => void)[] = [];
  #busy = 0;

  constructor({ threads = 2, timeMs = limits.archiveBrowseMs }: BrowserOptions = {}) {
    this.#most = threads;
    this.#timeMs = timeMs;
  }

  /** One page of the members, with what the archive is. */
  async page(
    source: ArchiveSource,
    request: PageRequest,
  ): Promise<{ archive: ArchiveSummary; page: MemberPage }> {
    const answer = await this.#run(source, { type: 'page', request });
    if (answer.type !== 'page') throw new Error(`unexpected answer ${answer.type}`);
    return answer;
  }

  /** The content of one member. */
  async member(source: ArchiveSource, position: number): Promise<MemberContent> {
    const answer = await this.#run(source, { type: 'member', position });
    if (answer.type !== 'member') throw new Error(`unexpected answer ${answer.type}`);
    return answer.member;
  }

  /** Ends all threads. */
  async close(): Promise<void> {
    const idle = this.#idle.splice(0);
    for (const { timer } of idle) clearTimeout(timer);
    await Promise.all(idle.map(({ worker }) => worker.terminate()));
  }

  async #run(source: ArchiveSource, ask: BrowseRequest['ask']): Promise<BrowseAnswer> {
    const worker = await this.#take();
    let isValid = false;
    try {
      const request = { key: source.key, inside: source.inside, ask };
      let answer = await this.#ask(worker, request);
      if (answer.type === 'bytes-needed') {
        answer = await this.#ask(worker, { ...request, bytes: await source.open() });
      }
      isValid = true;
      if (answer.type === 'failure') throw new ArchiveError(answer.code, answer.message);
      return answer;
    } finally {
      this.#busy -= 1;
      if (isValid) this.#rest(worker);
      else await worker.terminate();
      this.#waiting.shift()?.();
    }
  }

  /** Rejects when the thread ends before it answers, or takes too long. */
  #ask(worker: Worker, request: BrowseRequest): Promise<BrowseAnswer> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const message = `reading the archive took longer than ${this.#timeMs} ms`;
        done(() => reject(new ArchiveError('timed_out', message)));
      }, this.#timeMs);
      const onAnswer = (answer: BrowseAnswer): void => done(() => resolve(answer));
      const onEnd = (reason: unknown): void => {
        const why = reason instanceof Error ? `: ${reason.message}` : '';
        const message = `the thread that read the archive ended${why}`;
        done(() => reject(new ArchiveError('crashed', message)));
      };
      const done = (settle: () => void): void => {
        clearTimeout(timer);
        worker.off('message', onAnswer).off('error', onEnd).off('exit', onEnd);
        settle();
      };
      worker.on('message', onAnswer).on('error', onEnd).on('exit', onEnd);
      worker.postMessage(request, transferOf(request));
    });
  }

  async #take(): Promise<Worker> {
    while (this.#busy >= this.#most) {
      if (this.#waiting.length >= waitingMax) {
        throw new ArchiveError('busy', `${waitingMax} other requests are waiting for archives`);
      }
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
    this.#busy += 1;
    const rested = this.#idle.pop();
    if (rested !== undefined) {
      clearTimeout(rested.timer);
      rested.worker.ref();
      return rested.worker;
    }
    return new Worker(new URL('browse-thread.ts', import.meta.url), {
      workerData: { compileCache: compileCacheHome() },
      resourceLimits: { maxOldGenerationSizeMb: heapMiB },
    });
  }

  #rest(worker: Worker): void {
    const timer = setTimeout(() => {
      const at = this.#idle.findIndex((one) => one.worker === worker);
      if (at >= 0) this.#idle.splice(at, 1);
      void worker.terminate();
    }, idleMs);
    timer.unref();
    // Neither an idle thread nor its timer keeps a process running.
    worker.unref();
    this.#idle.push({ worker, timer });
  }
}

/**
 * The directory given to `enableCompileCache` in this thread; Node creates a subdirectory in it.
 */
function compileCacheHome(): string | undefined {
  const directory = getCompileCacheDir();
  return directory === undefined ? undefined : dirname(directory);
}

/** The archive moves to the thread, where its buffer is its own. */
function transferOf({ bytes }: BrowseRequest): ArrayBuffer[] {
  if (bytes === undefined || bytes.byteLength !== bytes.buffer.byteLength) return [];
  return [bytes.buffer as ArrayBuffer];
}
