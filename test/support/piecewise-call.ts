/** Requests written in pieces, like those of slow, malicious and broken clients. */
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import type { RawAnswer } from './raw-call.ts';

export interface Sent {
  readonly answer: RawAnswer;
  readonly sentBytes: number;
}

export interface Sending {
  readonly path: string;
  readonly method: string;
  readonly headers: readonly string[];
  readonly body: Iterable<Uint8Array | string>;
  /** Close the connection when everything was sent. */
  readonly cut?: boolean;
}

const silenceMs = 20_000;
const drainMs = 5_000;

/** Writes a request in pieces as the server reads it, until all is sent or it responds. */
export function sendPieces(url: string, sending: Sending): Promise<Sent> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    const chunks: Buffer[] = [];
    let sentBytes = 0;
    socket.setTimeout(silenceMs, () => socket.destroy(new Error('the server is silent')));
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      if (isWhole(Buffer.concat(chunks))) socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (!['EPIPE', 'ECONNRESET'].includes(error.code ?? '')) reject(error);
    });
    socket.on('close', () => resolve({ answer: parse(Buffer.concat(chunks)), sentBytes }));
    const head = [`${sending.method} ${sending.path} HTTP/1.1`, 'host: test', ...sending.headers];
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    void (async () => {
      for (const piece of sending.body) {
        if (socket.destroyed || chunks.length > 0) return;
        sentBytes += piece.length;
        if (!socket.write(piece)) await Promise.race([drained(socket), pause(drainMs)]);
      }
      if (sending.cut === true) socket.destroy();
    })();
  });
}

function drained(socket: ReturnType<typeof connect>): Promise<void> {
  return new Promise((resolve) => {
    socket.once('drain', resolve).once('close', () => resolve());
  });
}

function isWhole(bytes: Buffer): boolean {
  const { status, headers, text } = parse(bytes);
  return status >= 200 && text.length >= Number(headers['content-length'] ?? Number.NaN);
}

function parse(bytes: Buffer): RawAnswer {
  const answer = bytes.toString('latin1').replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, '');
  const end = answer.indexOf('\r\n\r\n');
  if (end === -1) return { status: 0, headers: {}, text: '' };
  const [first = '', ...lines] = answer.slice(0, end).split('\r\n');
  const pairs = lines.map((line) => [
    line.split(': ', 1)[0]?.toLowerCase(),
    line.replace(/^.*?: /, ''),
  ]);
  return {
    status: Number(first.split(' ')[1]),
    headers: Object.fromEntries(pairs) as RawAnswer['headers'],
    text: answer.slice(end + 4),
  };
}
