// Not in the quick check: large blobs are transferred.
/** Large bodies arrive complete or fail, over plain connections and TLS, whatever a server does. */
import { createServer, type Server, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, expect, test } from 'vitest';

import { startFakeRegistry } from '../../testing/fake-registry.ts';
import { parseBulkHead } from './bulk-head.ts';
import type { Answer } from './answer.ts';
import { createTransport, type NetworkOptions } from './transport.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

const bytes = Buffer.alloc(3_000_000, 'abcdefghijklmnopqrstuvwxyz');

/** Collects a body, `waitMs` after each part. */
class Sink extends Writable {
  readonly parts: Buffer[] = [];
  readonly #waitMs: number;

  constructor(waitMs = 0) {
    super({ highWaterMark: 1_000 });
    this.#waitMs = waitMs;
  }

  get content(): Buffer {
    return Buffer.concat(this.parts);
  }

  override _write(chunk: Buffer, _encoding: unknown, done: () => void): void {
    // The buffer is used again after `done`.
    const keep = (): void => {
      this.parts.push(Buffer.from(chunk));
      done();
    };
    if (this.#waitMs === 0) keep();
    else setTimeout(keep, this.#waitMs);
  }
}

/** A server that answers each request on a connection with the next text. */
async function scripted(...answers: readonly (string | Buffer)[]): Promise<{
  readonly url: URL;
  readonly sockets: Socket[];
}> {
  const sockets: Socket[] = [];
  let next = 0;
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', () => {
      const answer = answers[next];
      next += 1;
      if (answer === undefined) socket.destroy();
      else socket.write(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  const { port } = server.address() as { port: number };
  return { url: new URL(`http://127.0.0.1:${port}/blob`), sockets };
}

function transport(options: NetworkOptions = {}) {
  const made = createTransport(options);
  open.push(made);
  return {
    get: (url: URL, signal?: AbortSignal): Promise<Answer> =>
      made.exchange(url, { method: 'GET', trusted: true, bulk: true, signal }),
  };
}

const whole = Buffer.concat([
  Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\nX-Test: a\r\n\r\n`),
  bytes,
]);

test('a body arrives complete at a slow receiver, and the connection is used again', async () => {
  const { url, sockets } = await scripted(whole, whole);
  const { get } = transport();
  for (let round = 0; round < 2; round += 1) {
    const answer = await get(url);
    expect([answer.status, answer.header('x-test')]).toEqual([200, ['a']]);
    const sink = new Sink(1);
    let counted = 0;
    await answer.pipe(sink, (size) => {
      counted += size;
    });
    expect(sink.content.equals(bytes)).toBe(true);
    expect(counted).toBe(bytes.length);
  }
  expect(sockets).toHaveLength(1);
});

test('the parts of a body that is iterated can be kept', async () => {
  const { url } = await scripted(whole);
  const parts: Uint8Array[] = [];
  for await (const part of (await transport().get(url)).body) parts.push(part);
  expect(Buffer.concat(parts).equals(bytes)).toBe(true);
});

test('a connection that was closed while it was idle is replaced', async () => {
  const { url, sockets } = await scripted(whole, whole);
  const { get } = transport();
  await (await get(url)).pipe(new Sink(), () => undefined);
  sockets[0]?.destroy();
  await sleep(5);
  const sink = new Sink();
  await (await get(url)).pipe(sink, () => undefined);
  expect(sink.content.equals(bytes)).toBe(true);
});

test.each([
  ['a body in chunks', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'],
  ['an interim response', ''],
])('%s is left to the general client', async (what, rest) => {
  const first =
    what === 'an interim response'
      ? 'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'
      : `HTTP/1.1 200 OK\r\n${rest}`;
  const { url } = await scripted(first, first);
  const sink = new Sink();
  await (await transport().get(url)).pipe(sink, () => undefined);
  expect(sink.content.toString()).toBe('hello');
});

test('a connection that is lost in the middle is an error, and the receiver is destroyed', async () => {
  const { url, sockets } = await scripted(whole.subarray(0, 1_000_000));
  const answer = await transport().get(url);
  const sink = new Sink();
  const done = answer.pipe(sink, () => undefined);
  setTimeout(() => sockets[0]?.destroy(), 20);
  await expect(done).rejects.toMatchObject({ code: 'unreachable' });
  expect(sink.destroyed).toBe(true);
});

test('more bytes than announced are an error', async () => {
  const { url } = await scripted('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhello');
  const answer = await transport().get(url);
  await expect(answer.pipe(new Sink(), () => undefined)).rejects.toMatchObject({
    code: 'unreachable',
  });
});

test('a receiver that closes and a signal both end the connection', async () => {
  const { url, sockets } = await scripted(whole.subarray(0, 2_000_000), whole.subarray(0, 500));
  const { get } = transport();
  const sink = new Sink();
  const first = (await get(url)).pipe(sink, () => undefined);
  sink.destroy();
  await expect(first).rejects.toMatchObject({ code: 'unreachable' });
  const stop = new AbortController();
  const second = (await get(url, stop.signal)).pipe(new Sink(), () => undefined);
  stop.abort(new Error('stopped'));
  await expect(second).rejects.toThrow('stopped');
  await expect.poll(() => sockets.every(({ destroyed }) => destroyed)).toBe(true);
});

test('a server that sends nothing is not waited for without end; a slow receiver is', async () => {
  const { url } = await scripted(whole.subarray(0, 100_000), whole);
  const { get } = transport({ idleMs: 60 });
  const stalled = (await get(url)).pipe(new Sink(), () => undefined);
  await expect(stalled).rejects.toMatchObject({ code: 'unreachable' });
  const sink = new Sink(90);
  await (await get(url)).pipe(sink, () => undefined);
  expect(sink.content.equals(bytes)).toBe(true);
});

test('over TLS the certificate is verified, and the body is complete', async () => {
  const registry = await startFakeRegistry({ now: () => Date.now(), tls: true });
  open.push(registry);
  const digest = registry.store.putBlob(bytes);
  const url = new URL(`https://${registry.host}/v2/lab/app/blobs/${digest}`);
  const untrusted = transport().get(url);
  await expect(untrusted).rejects.toMatchObject({ code: 'unreachable', remedy: 'trust' });
  const { get } = transport({ ca: [registry.certificates?.ca ?? ''] });
  const sink = new Sink();
  const answer = await get(url);
  await answer.pipe(sink, () => undefined);
  expect([answer.transport, sink.content.equals(bytes)]).toEqual(['tls', true]);
});

test.each([
  ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6'],
  ['HTTP/1.1 200 OK\r\nContent-Length: -1'],
  ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked'],
  ['HTTP/1.1 200 OK\r\nContent-Length : 5'],
  ['HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 5'],
  ['HTTP/1.1 200 OK\r\nX: a\nContent-Length: 5'],
  ['HTTP/2 200\r\nContent-Length: 5'],
  ['ICY 200 OK\r\nContent-Length: 5'],
])('the head %j is unsupported', (text) => {
  expect(parseBulkHead(text)).toBeUndefined();
});
