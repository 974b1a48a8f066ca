/**
 * One session with clamd (IDSESSION): commands one after the other, each with one answer. Commands
 * and answers end with NUL, so that no name in them can break the framing; the number before each
 * answer must increase. Any violation ends the connection, and it is not reused.
 */
import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';

import type { ClamdEndpoint } from '@lazaret/protocol';

import { scanLimits } from '../limits.ts';
import { ClamdError } from './clamd-error.ts';

/**
 * Opens a session. TCP has neither encryption nor authentication: only for the local machine.
 * Throws ClamdError.
 */
export async function openSession(
  endpoint: ClamdEndpoint,
  connectMs: number = scanLimits.clamdConnectMs,
): Promise<ClamdConnection> {
  const target = 'socketPath' in endpoint ? { path: endpoint.socketPath } : endpoint;
  const socket = createConnection({ ...target, noDelay: true });
  const where = endpointText(endpoint);
  await new Promise<void>((resolve, reject) => {
    const refuse = (message: string, cause?: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(new ClamdError('unreachable', message, { cause }));
    };
    const timer = setTimeout(() => refuse(`clamd at ${where} does not answer`), connectMs);
    socket.once('error', (error) => refuse(`no clamd at ${where}: ${error.message}`, error));
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve();
    });
  });
  return new ClamdConnection(socket);
}

export function endpointText(endpoint: ClamdEndpoint): string {
  return 'socketPath' in endpoint ? endpoint.socketPath : `${endpoint.host}:${endpoint.port}`;
}

interface Waiting {
  readonly resolve: (answer: string) => void;
  readonly reject: (error: ClamdError) => void;
}

export class ClamdConnection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #waiting: Waiting | undefined;
  #failure: ClamdError | undefined;
  #lastNumber = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => {
      this.end(new ClamdError('cut', `the connection to clamd broke: ${error.message}`));
    });
    socket.on('close', () => {
      this.end(new ClamdError('cut', 'clamd closed the connection before it answered'));
    });
    socket.write('zIDSESSION\0');
  }

  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  /** Sends a command and returns its answer without number and NUL. Throws ClamdError. */
  async ask(command: string): Promise<string> {
    const answer = this.#expect();
    this.#socket.write(`z${command}\0`);
    return answer;
  }

  /** Sends bytes to scan and returns the answer. Throws ClamdError. */
  async scan(bytes: Uint8Array): Promise<string> {
    const answer = this.#expect();
    // Handled here too, so that a failure while sending has a listener.
    answer.catch(() => undefined);
    this.#socket.write('zINSTREAM\0');
    for (let at = 0; at < bytes.length && this.#waiting !== undefined; at += pieceBytes) {
      const piece = bytes.subarray(at, at + pieceBytes);
      this.#socket.write(lengthOf(piece));
      if (!this.#socket.write(piece)) await this.#drained();
      // A refusal (the stream is too long) is read before the closed end of a pipe is written to.
      if (at + pieceBytes < bytes.length) await setImmediate();
    }
    if (this.#waiting !== undefined) this.#socket.write(Buffer.alloc(4));
    return answer;
  }

  /** Ends the connection; pending commands fail with the error. */
  end(error: ClamdError = new ClamdError('aborted', 'the connection to clamd was closed')): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#socket.destroy();
    waiting?.reject(error);
  }

  /** Neither the connection nor its timers keep the process alive. */
  unref(): void {
    this.#socket.unref();
  }

  ref(): void {
    this.#socket.ref();
  }

  #expect(): Promise<string> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#waiting !== undefined) throw new Error('one command at a time');
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done);
        this.#socket.off('close', done);
        resolve();
      };
      this.#socket.once('drain', done);
      this.#socket.once('close', done);
      if (this.#socket.destroyed) done();
    });
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    const end = this.#received.indexOf(0);
    if (end < 0) {
      if (this.#received.length > scanLimits.clamdAnswerBytes) this.#failInvalid('endless');
      return;
    }
    const text = this.#received.toString('utf8', 0, end);
    this.#received = this.#received.subarray(end + 1);
    const { number, rest } = splitNumber(text);
    const waiting = this.#waiting;
    if (waiting === undefined) this.#failInvalid(`unexpected: ${text.slice(0, 200)}`);
    else if (number !== undefined && number <= this.#lastNumber) this.#failInvalid('out of turn');
    else {
      this.#lastNumber = number ?? this.#lastNumber;
      this.#waiting = undefined;
      waiting.resolve(rest);
      if (this.#received.length > 0) this.#failInvalid('followed by another');
    }
  }

  #failInvalid(what: string): void {
    this.end(new ClamdError('bad_answer', `an answer of clamd is ${what}`));
  }
}

const pieceBytes = 256 * 1024;

function lengthOf(piece: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(piece.length);
  return length;
}

/** Refusals have no number. */
function splitNumber(text: string): { number: number | undefined; rest: string } {
  const parts = /^(\d{1,15}): /.exec(text);
  if (parts === null) return { number: undefined, rest: text };
  return { number: Number(parts[1]), rest: text.slice(parts[0].length) };
}
