/**
 * A byte stream between threads: chunks that own their memory are transferred without copying, with
 * flow control by the reader.
 */
import type { MessagePort } from 'node:worker_threads';

import { releaseMemory } from '../archive/release-memory.ts';

type FromReader = 'more' | 'stop';
type FromWriter =
  | { readonly chunk: Uint8Array<ArrayBuffer> }
  | { readonly end: true }
  | { readonly failed: string };

/** Number of chunks in flight. */
const credits = 4;

/**
 * Sends a stream through a port until it ends, fails, or the reader stops. Resolves when nothing
 * more will be sent; a failure of the stream is sent, not thrown.
 */
export async function sendBytes(
  open: () => Promise<AsyncIterable<Uint8Array>>,
  port: MessagePort,
): Promise<void> {
  let left = 0;
  let stopped = false;
  let wake = (): void => undefined;
  port.on('message', (message: FromReader) => {
    if (message === 'more') left += 1;
    else stopped = true;
    wake();
  });
  port.on('close', () => {
    stopped = true;
    wake();
  });
  const turn = async (): Promise<void> => {
    while (left === 0 && !stopped) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    left -= 1;
  };
  try {
    for await (const piece of await open()) {
      await turn();
      if (stopped) return;
      const chunk = ownBytes(piece);
      port.postMessage({ chunk } satisfies FromWriter, [chunk.buffer]);
    }
    port.postMessage({ end: true } satisfies FromWriter);
  } catch (error) {
    const failed = error instanceof Error ? error.message : 'the source failed';
    port.postMessage({ failed } satisfies FromWriter);
  } finally {
    port.close();
  }
}

/** Receives what `sendBytes` sends, in another thread. Throws an Error when the source failed. */
export async function* receiveBytes(
  port: MessagePort,
): AsyncGenerator<Uint8Array, void, undefined> {
  const arrived: FromWriter[] = [];
  let wake = (): void => undefined;
  const push = (message: FromWriter): void => {
    arrived.push(message);
    wake();
  };
  port.on('message', push);
  port.on('close', () => push({ failed: 'the source was closed' }));
  for (let count = 0; count < credits; count += 1) port.postMessage('more' satisfies FromReader);
  try {
    for (;;) {
      const message = arrived.shift();
      if (message === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      if ('end' in message) return;
      if ('failed' in message) throw new Error(message.failed);
      yield message.chunk;
      releaseMemory(message.chunk);
      port.postMessage('more' satisfies FromReader);
    }
  } finally {
    port.postMessage('stop' satisfies FromReader);
    port.close();
  }
}

/** Transferable memory: a view into a larger buffer is copied. */
function ownBytes(piece: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = piece;
  const whole = buffer instanceof ArrayBuffer && buffer.byteLength === piece.byteLength;
  return whole ? new Uint8Array(buffer) : new Uint8Array(piece);
}
