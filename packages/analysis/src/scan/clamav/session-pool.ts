/** Sessions that are kept open between scans, up to a number; later callers wait. */

import type { ClamdEndpoint } from '@lazaret/protocol';

import { scanLimits } from '../limits.ts';
import { ClamdError } from './clamd-error.ts';
import { openSession } from './connection.ts';
import type { ClamdConnection } from './connection.ts';

export interface SessionPoolOptions {
  readonly endpoint: ClamdEndpoint;
  readonly sessions: number;
  readonly connectMs: number;
}

export class SessionPool {
  readonly #options: SessionPoolOptions;
  readonly #idle: { connection: ClamdConnection; timer: NodeJS.Timeout }[] = [];
  readonly #used = new Set<ClamdConnection>();
  readonly #queue: (() => void)[] = [];
  #places: number;
  /** Why clamd cannot be reached, cached for a short time. */
  #downReason: ClamdError | undefined;
  #isClosed = false;

  constructor(options: SessionPoolOptions) {
    this.#options = options;
    this.#places = options.sessions;
  }

  /**
   * Runs `work` with an exclusive session, and retries with a new session when the first one was
   * cut off: a pooled session may have ended in the meantime, and clamd may have restarted.
   */
  async use<T>(
    work: (connection: ClamdConnection) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    await this.#enter();
    try {
      try {
        return await this.#once(work, { signal, fresh: false });
      } catch (error) {
        if (!(error instanceof ClamdError) || error.code !== 'cut') throw error;
        return await this.#once(work, { signal, fresh: true });
      }
    } finally {
      this.#leave();
    }
  }

  /** Ends all sessions, including those in use. */
  close(): void {
    this.#isClosed = true;
    const ended = new ClamdError('aborted', 'the scanner was closed');
    for (const { connection, timer } of this.#idle.splice(0)) {
      clearTimeout(timer);
      connection.end(ended);
    }
    for (const connection of this.#used) connection.end(ended);
  }

  async #once<T>(
    work: (connection: ClamdConnection) => Promise<T>,
    { signal, fresh }: { signal: AbortSignal | undefined; fresh: boolean },
  ): Promise<T> {
    if (fresh) this.#dropIdle();
    const connection = await this.#take(signal);
    const abort = (): void => connection.end(new ClamdError('aborted', 'the scan was cancelled'));
    signal?.addEventListener('abort', abort, { once: true });
    if (this.#isClosed || signal?.aborted === true) abort();
    this.#used.add(connection);
    try {
      return await work(connection);
    } finally {
      signal?.removeEventListener('abort', abort);
      this.#used.delete(connection);
      this.#give(connection);
    }
  }

  async #take(signal: AbortSignal | undefined): Promise<ClamdConnection> {
    if (this.#isClosed) throw new ClamdError('aborted', 'the scanner was closed');
    if (signal?.aborted === true) throw new ClamdError('aborted', 'the scan was cancelled');
    for (let kept = this.#idle.pop(); kept !== undefined; kept = this.#idle.pop()) {
      clearTimeout(kept.timer);
      kept.connection.ref();
      if (kept.connection.isOpen) return kept.connection;
    }
    // A hundred thousand files do not each wait for a hanging clamd.
    if (this.#downReason !== undefined) throw this.#downReason;
    const { endpoint, connectMs } = this.#options;
    try {
      return await openSession(endpoint, connectMs);
    } catch (error) {
      if (error instanceof ClamdError) this.#downReason = error;
      setTimeout(() => (this.#downReason = undefined), scanLimits.clamdDownMs).unref();
      throw error;
    }
  }

  #give(connection: ClamdConnection): void {
    if (!connection.isOpen) return;
    if (this.#isClosed) return connection.end();
    connection.unref();
    const timer = setTimeout(() => connection.end(), scanLimits.clamdIdleMs).unref();
    this.#idle.push({ connection, timer });
  }

  #dropIdle(): void {
    for (const { connection, timer } of this.#idle.splice(0)) {
      clearTimeout(timer);
      connection.end();
    }
  }

  async #enter(): Promise<void> {
    if (this.#places > 0) this.#places -= 1;
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
  }

  #leave(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#places += 1;
    else next();
  }
}
