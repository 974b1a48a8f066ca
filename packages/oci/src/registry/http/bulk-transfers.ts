/**
 * Bulk transfers over connections of their own, which are used again for the next ones. A
 * connection that was idle may be closed by the server at any moment: such a request is sent once
 * more over a new one.
 */
import { ociLimits } from '../../limits.ts';
import { BulkConnection, NotBulk, type BulkEndpoint } from './bulk-connection.ts';
import type { BulkHead } from './bulk-head.ts';

export interface BulkRequest {
  readonly url: URL;
  /** Which connections can be used for it. */
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
  /** Called for a new connection. */
  readonly endpoint: () => Promise<BulkEndpoint>;
}

export interface BulkTransfer {
  readonly head: BulkHead;
  readonly connection: BulkConnection;
  /** To be called after the body. */
  release(): void;
}

interface Idle {
  readonly connection: BulkConnection;
  readonly timer: NodeJS.Timeout;
}

export class BulkTransfers {
  readonly #idle = new Map<string, Idle[]>();
  readonly #open = new Set<BulkConnection>();

  /** Undefined when the response needs a general client. Throws the failure of the connection. */
  async begin(request: BulkRequest): Promise<BulkTransfer | undefined> {
    const parked = this.#takeIdle(request.key);
    if (parked !== undefined) {
      try {
        return await this.#send(parked, request);
      } catch (error) {
        if (error instanceof NotBulk) return undefined;
        request.signal?.throwIfAborted();
      }
    }
    const opened = await BulkConnection.open(await request.endpoint(), request.signal);
    try {
      return await this.#send(opened, request);
    } catch (error) {
      if (error instanceof NotBulk) return undefined;
      throw error;
    }
  }

  close(): void {
    for (const connection of this.#open) connection.destroy();
    for (const { timer } of [...this.#idle.values()].flat()) clearTimeout(timer);
    this.#open.clear();
    this.#idle.clear();
  }

  async #send(connection: BulkConnection, request: BulkRequest): Promise<BulkTransfer> {
    this.#open.add(connection);
    try {
      const head = await connection.send(formatRequest(request), request.signal);
      return { head, connection, release: () => this.#release(connection, request.key) };
    } catch (error) {
      this.#open.delete(connection);
      connection.destroy();
      throw error;
    }
  }

  #takeIdle(key: string): BulkConnection | undefined {
    const parked = this.#idle.get(key) ?? [];
    for (let one = parked.pop(); one !== undefined; one = parked.pop()) {
      clearTimeout(one.timer);
      if (one.connection.isUsable) return one.connection;
      this.#discard(one.connection);
    }
    this.#idle.delete(key);
    return undefined;
  }

  #release(connection: BulkConnection, key: string): void {
    const parked = this.#idle.get(key) ?? [];
    if (!connection.isUsable || parked.length >= ociLimits.registryBulkIdle) {
      this.#discard(connection);
      return;
    }
    const timer = setTimeout(() => {
      this.#discard(connection);
      const left = (this.#idle.get(key) ?? []).filter((one) => one.connection !== connection);
      if (left.length === 0) this.#idle.delete(key);
      else this.#idle.set(key, left);
    }, ociLimits.registryBulkIdleMs);
    timer.unref();
    connection.park();
    this.#idle.set(key, [...parked, { connection, timer }]);
  }

  #discard(connection: BulkConnection): void {
    this.#open.delete(connection);
    connection.destroy();
  }
}

function formatRequest({ url, headers }: BulkRequest): string {
  const lines = Object.entries({ host: url.host, ...headers }).map(([name, value]) => {
    if (/[\r\n\0]/.test(name + value)) throw new TypeError(`invalid value of the header ${name}`);
    return `${name}: ${value}`;
  });
  return [`GET ${url.pathname}${url.search} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}
