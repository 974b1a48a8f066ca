/**
 * One HTTP/1.1 connection for GET requests of large bodies. It reads into a few buffers that are
 * reused, and hands them to the receiver without copies, which takes a fifth of the processor time
 * of a general HTTP client. It only understands what registries and their storage
 * send for blobs, a body with a Content-Length: everything else is left to the general client.
 */
import type { Socket, SocketConstructorOpts, TcpSocketConnectOpts } from 'node:net';
import { connect as connectPlain } from 'node:net';
import { PassThrough, type Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { connect as connectSecure, type ConnectionOptions } from 'node:tls';

import { ociLimits } from '../../limits.ts';
import { parseBulkHead, type BulkHead } from './bulk-head.ts';

export interface BulkEndpoint {
  readonly host: string;
  readonly port: number;
  readonly lookup: TcpSocketConnectOpts['lookup'];
  /** Undefined for plain HTTP. */
  readonly tls: ConnectionOptions | undefined;
  readonly connectMs: number;
  readonly idleMs: number;
}

/** The response is not one that this client understands. */
export class NotBulk extends Error {}

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'head'; readonly resolve: (head: BulkHead) => void; text: Buffer }
  | { readonly kind: 'body'; receive: ((chunk: Buffer, own: Buffer) => boolean) | undefined };

export class BulkConnection {
  readonly #socket: Socket;
  readonly #idleMs: number;
  #state: State = { kind: 'idle' };
  /** Part of the body that came with the head. */
  #early: Buffer | undefined;
  #left = 0;
  #isPaused = false;
  #reusable = true;
  #failure: Error | undefined;
  #onFailure: ((error: Error) => void) | undefined;
  #onEnd: (() => void) | undefined;

  /** Resolves when it is connected. */
  static async open(endpoint: BulkEndpoint, signal?: AbortSignal): Promise<BulkConnection> {
    const connection = new BulkConnection(endpoint);
    await connection.#connected(endpoint, signal);
    return connection;
  }

  private constructor(endpoint: BulkEndpoint) {
    this.#idleMs = endpoint.idleMs;
    const onread: NonNullable<SocketConstructorOpts['onread']> = {
      buffer: () => buffers.pop() ?? Buffer.allocUnsafeSlow(ociLimits.registryBulkBytes),
      callback: (size, buffer) => this.#received(size, buffer as Buffer),
    };
    const { host, port, lookup, tls } = endpoint;
    const where = { host, port, onread, ...(lookup !== undefined && { lookup }) };
    this.#socket =
      tls === undefined
        ? connectPlain(where)
        : connectSecure({ ...tls, ...where, servername: serverName(host), ALPNProtocols: [] });
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(failure('ECONNRESET', 'the connection was closed')));
    this.#socket.on('timeout', () => this.#timedOut());
    this.#socket.setNoDelay(true);
  }

  get isUsable(): boolean {
    return this.#state.kind === 'idle' && this.#reusable && this.#failure === undefined;
  }

  /** Keeps the process alive only while it is used. */
  park(): void {
    this.#socket.unref();
  }

  /** Sends a request; throws NotBulk, or the failure of the connection. */
  async send(request: string, signal: AbortSignal | undefined): Promise<BulkHead> {
    this.#socket.ref();
    this.#socket.setTimeout(this.#idleMs);
    const head = await this.#during<BulkHead>(signal, (resolve) => {
      this.#state = { kind: 'head', resolve, text: Buffer.alloc(0) };
      this.#socket.write(request);
    });
    this.#left = head.length;
    this.#reusable &&= head.keepsAlive;
    this.#state = { kind: 'body', receive: undefined };
    return head;
  }

  /** Sends the body to a stream that is ended with it, or destroyed with the connection. */
  async pipe(
    to: Writable,
    { signal, onBytes }: { signal: AbortSignal | undefined; onBytes: (bytes: number) => void },
  ): Promise<void> {
    const onClose = (): void => this.#fail(failure('ABORT_ERR', 'the receiver was closed'));
    const onDrain = (): void => this.#resume();
    to.on('close', onClose).on('drain', onDrain);
    try {
      await this.#during<void>(signal, (resolve) => {
        this.#onEnd = resolve;
        this.#receive((chunk, own) => {
          onBytes(chunk.length);
          return to.write(chunk, () => recycle(own));
        });
      });
      to.off('close', onClose);
      to.end();
      await finished(to);
    } catch (error) {
      to.destroy();
      throw error;
    } finally {
      to.off('close', onClose).off('drain', onDrain);
    }
  }

  /** The body in parts that may be kept. */
  async *body(signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
    const through = new PassThrough();
    const done = this.#during<void>(signal, (resolve) => {
      this.#onEnd = resolve;
      through.on('drain', () => this.#resume());
      this.#receive((chunk, own) => {
        const copy = Buffer.from(chunk);
        recycle(own);
        return through.write(copy);
      });
    }).then(
      () => through.end(),
      (error: unknown) => through.destroy(error as Error),
    );
    yield* through;
    await done;
  }

  destroy(): void {
    this.#reusable = false;
    this.#socket.destroy();
  }

  async #connected({ tls, connectMs }: BulkEndpoint, signal?: AbortSignal): Promise<void> {
    this.#socket.setTimeout(connectMs);
    await this.#during<void>(signal, (resolve) => {
      this.#socket.once(tls === undefined ? 'connect' : 'secureConnect', () => resolve());
    });
  }

  /** Waits for what `begin` starts; rejects when the connection fails or the signal aborts. */
  async #during<T>(
    signal: AbortSignal | undefined,
    begin: (resolve: (value: T) => void) => void,
  ): Promise<T> {
    signal?.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const onAbort = (): void => this.#fail(signal?.reason as Error);
    this.#onFailure = reject;
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      begin(resolve);
      return await promise;
    } finally {
      this.#onFailure = undefined;
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.destroy();
    this.#onFailure?.(this.#failure);
  }

  /** A receiver that takes no bytes is not a slow server. */
  #timedOut(): void {
    if (this.#isPaused) this.#socket.setTimeout(this.#idleMs);
    else this.#fail(failure('ETIMEDOUT', 'no data was received in time'));
  }

  /** Whether reading continues. The buffer is this connection's until it is recycled. */
  #received(size: number, buffer: Buffer): boolean {
    const state = this.#state;
    const chunk = size === buffer.length ? buffer : buffer.subarray(0, size);
    if (state.kind === 'head') {
      this.#readHead(state, Buffer.from(chunk));
      recycle(buffer);
      return true;
    }
    if (state.kind === 'idle') {
      recycle(buffer);
      this.#fail(failure('ECONNRESET', 'data without a request'));
      return false;
    }
    if (state.receive !== undefined) return this.#deliver(state.receive, chunk, buffer);
    // Between the head and its receiver.
    this.#early = Buffer.concat([this.#early ?? Buffer.alloc(0), chunk]);
    recycle(buffer);
    return this.#pause();
  }

  #readHead(state: State & { readonly kind: 'head' }, chunk: Buffer): void {
    state.text = Buffer.concat([state.text, chunk]);
    const end = state.text.indexOf('\r\n\r\n');
    if (end < 0 && state.text.length <= ociLimits.registryHeadBytes) return;
    const head =
      end < 0 ? undefined : parseBulkHead(state.text.subarray(0, end).toString('latin1'));
    if (head === undefined) {
      this.#fail(new NotBulk('the response has no Content-Length'));
      return;
    }
    const rest = state.text.subarray(end + 4);
    this.#early = rest.length === 0 ? undefined : rest;
    this.#state = { kind: 'body', receive: undefined };
    state.resolve(head);
  }

  #receive(receive: (chunk: Buffer, own: Buffer) => boolean): void {
    const early = this.#early;
    this.#early = undefined;
    this.#state = { kind: 'body', receive };
    const goesOn = early === undefined || this.#deliver(receive, early, empty);
    if (this.#left === 0) this.#complete();
    else if (goesOn) this.#resume();
    else this.#socket.pause();
  }

  #deliver(receive: (chunk: Buffer, own: Buffer) => boolean, chunk: Buffer, own: Buffer): boolean {
    if (chunk.length > this.#left) {
      this.#fail(failure('UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'more bytes than announced'));
      return false;
    }
    this.#left -= chunk.length;
    const goesOn = receive(chunk, own);
    if (this.#left === 0) this.#complete();
    return goesOn || this.#left === 0 || this.#pause();
  }

  #complete(): void {
    if (this.#state.kind !== 'body') return;
    this.#state = { kind: 'idle' };
    this.#isPaused = false;
    this.#socket.resume();
    const done = this.#onEnd;
    this.#onEnd = undefined;
    done?.();
  }

  #pause(): false {
    this.#isPaused = true;
    return false;
  }

  #resume(): void {
    // The time that the receiver took is not that of the server.
    if (this.#isPaused) this.#socket.setTimeout(this.#idleMs);
    this.#isPaused = false;
    this.#socket.resume();
  }
}

/** With the codes that `connectionFailure` explains. */
function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** Shared by all connections. */
const buffers: Buffer[] = [];
const empty = Buffer.alloc(0);

function recycle(buffer: Buffer): void {
  const isOurs = buffer.length === ociLimits.registryBulkBytes;
  if (isOurs && buffers.length < ociLimits.registryBulkBuffers) buffers.push(buffer);
}

/** An address is not a server name. */
function serverName(host: string): string {
  return /^[\d.]+$|:/.test(host) ? '' : host;
}
