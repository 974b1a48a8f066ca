/** Responses on the wire: downloads with ranges, streams and their release. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';

import { limits, operations, readEventStream } from '@lazaret/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { startTestHttp, testPrincipal, type TestHttpServer } from '../../testing/http-server.ts';
import { httpLimits } from './limits.ts';
import { route, type CallContext, type Download, type OutgoingEvent } from './route.ts';

let server: TestHttpServer;
let download: Download;
let stream: (context: CallContext) => AsyncIterable<OutgoingEvent>;
const content = Buffer.from(Array.from({ length: 1_000 }, (_, position) => position % 256));
const etag = 'f'.repeat(64);

beforeAll(async () => {
  const principal = testPrincipal('reader', [{ role: 'administrator', project: null }]);
  server = await startTestHttp(
    [
      route(operations.artifacts.download, () => download),
      route(operations.events.stream, (_, context) => stream(context)),
    ],
    new Map([['token', principal]]),
  );
});
afterAll(() => server.close());

beforeEach(() => {
  download = {
    name: 'sample.bin',
    sizeBytes: content.length,
    etag,
    open: (range) =>
      Readable.from([range === undefined ? content : content.subarray(range.start, range.end + 1)]),
  };
});

const authorization = 'Bearer token';
const path = `/api/v1/artifacts/${etag}/content`;

async function get(headers: Record<string, string> = {}, method = 'GET') {
  const answer = await fetch(`${server.url}${path}`, {
    method,
    headers: { authorization, ...headers },
  });
  return { answer, bytes: Buffer.from(await answer.arrayBuffer()) };
}

describe('downloads', () => {
  test('the whole content is an attachment with a type that a browser does not show', async () => {
    const { answer, bytes } = await get();
    expect(answer.status).toBe(200);
    expect(bytes.equals(content)).toBe(true);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '1000',
      'accept-ranges': 'bytes',
      etag: `"${etag}"`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
    });
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment;/);
  });

  test.each([
    ['bytes=0-0', 0, 0],
    ['bytes=0-', 0, 999],
    ['bytes=100-199', 100, 199],
    ['bytes=999-', 999, 999],
    ['bytes=999-5000', 999, 999],
    ['bytes=-1', 999, 999],
    ['bytes=-5000', 0, 999],
  ])('%s', async (range, start, end) => {
    const { answer, bytes } = await get({ range });
    expect(answer.status).toBe(206);
    expect(answer.headers.get('content-range')).toBe(`bytes ${start}-${end}/1000`);
    expect(answer.headers.get('content-length')).toBe(String(end - start + 1));
    expect(bytes.equals(content.subarray(start, end + 1))).toBe(true);
  });

  test.each(['bytes=1000-', 'bytes=5000-6000', 'bytes=-0', 'bytes=5-4'])(
    '%s is outside of the content',
    async (range) => {
      const { answer, bytes } = await get({ range });
      expect([answer.status, answer.headers.get('content-range')]).toEqual([416, 'bytes */1000']);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(answer.headers.get('content-disposition')).toBeNull();
      expect(JSON.parse(bytes.toString())).toMatchObject({ code: 'range_not_satisfiable' });
    },
  );

  test.each(['bytes=0-1,5-6', 'lines=0-1'])(
    '%s is valid and not supported: the whole content is sent',
    async (range) => {
      const { answer, bytes } = await get({ range });
      expect([answer.status, bytes.length]).toEqual([200, 1_000]);
    },
  );

  test.each(['bytes=', 'bytes=a-b', 'bytes=1-2-3', 'bytes=-', 'bytes 0-1'])(
    '%s is malformed: an error, not the whole content',
    async (range) => {
      const { answer, bytes } = await get({ range });
      expect(answer.status).toBe(400);
      expect(JSON.parse(bytes.toString())).toMatchObject({
        code: 'invalid_request',
        fields: [{ path: 'header.Range' }],
      });
    },
  );

  test('a range is only sent of the version that the client has', async () => {
    const same = await get({ range: 'bytes=0-9', 'if-range': `"${etag}"` });
    expect([same.answer.status, same.bytes.length]).toEqual([206, 10]);
    for (const ifRange of ['"other"', 'Thu, 01 Jan 1970 00:00:00 GMT', `W/"${etag}"`]) {
      const other = await get({ range: 'bytes=0-9', 'if-range': ifRange });
      expect([other.answer.status, other.bytes.length]).toEqual([200, 1_000]);
    }
  });

  test.each([`"${etag}"`, `W/"${etag}"`, `"other", "${etag}"`, '*'])(
    'a version that the client already has is not sent again: %s',
    async (known) => {
      const { answer, bytes } = await get({ 'if-none-match': known });
      expect([answer.status, bytes.length, answer.headers.get('etag')]).toEqual([
        304,
        0,
        `"${etag}"`,
      ]);
    },
  );

  test('with another validator the content is sent', async () => {
    expect((await get({ 'if-none-match': `"${'e'.repeat(64)}"` })).answer.status).toBe(200);
  });

  test('an entity tag without quotes is malformed', async () => {
    for (const header of ['if-none-match', 'if-match']) {
      const { answer, bytes } = await get({ [header]: etag });
      expect([answer.status, JSON.parse(bytes.toString())]).toMatchObject([
        400,
        { code: 'invalid_request' },
      ]);
    }
  });

  test('If-Match: the content is sent while its tag is that of the client', async () => {
    for (const same of [`"${etag}"`, '*', `"other", "${etag}"`]) {
      expect((await get({ 'if-match': same })).answer.status).toBe(200);
    }
    for (const other of ['"other"', `W/"${etag}"`]) {
      const { answer, bytes } = await get({ 'if-match': other });
      expect([answer.status, JSON.parse(bytes.toString())]).toMatchObject([
        412,
        { code: 'precondition_failed' },
      ]);
    }
  });

  test('HEAD opens nothing and returns the size', async () => {
    download = { ...download, open: () => Promise.reject(new Error('opened')) };
    const { answer, bytes } = await get({}, 'HEAD');
    expect([answer.status, answer.headers.get('content-length'), bytes.length]).toEqual([
      200,
      '1000',
      0,
    ]);
  });

  test('without a validator there are no ranges', async () => {
    const text = Buffer.from('what went wrong');
    download = { name: 'error.txt', sizeBytes: text.length, open: () => Readable.from([text]) };
    const { answer, bytes } = await get({ range: 'bytes=0-3' });
    expect([answer.status, bytes.toString()]).toEqual([200, 'what went wrong']);
  });

  test('an empty file has no range', async () => {
    download = { ...download, sizeBytes: 0, open: () => Readable.from([]) };
    expect((await get()).answer.headers.get('content-length')).toBe('0');
    expect((await get({ range: 'bytes=0-' })).answer.status).toBe(416);
  });

  test.each([
    ['plain.txt', 'plain.txt'],
    ['a"b;c\\d.txt', 'a_b_c_d.txt'],
    ['two\r\nset-cookie: a=b', 'two__set-cookie: a=b'],
    ['\u{1f9a0} d\u00e9j\u00e0', undefined],
    ['\u202egpj.exe', '_gpj.exe'],
    ['half \ud800 pair', 'half _ pair'],
    ["it's (a) *star*", "it's (a) *star*"],
    ['100%', '100_'],
    ['x'.repeat(5_000), 'x'.repeat(255)],
    ['日'.repeat(20_000), undefined],
  ])('a file name cannot leave its header: %j', async (name, fallback) => {
    download = { ...download, name };
    const { answer } = await get();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('set-cookie')).toBeNull();
    const header = answer.headers.get('content-disposition') ?? '';
    const match =
      /^attachment; filename="([\x20-\x7e]*)"; filename\*=UTF-8''([\w.~!$%&+^`|-]*)$/.exec(header);
    expect(match).not.toBeNull();
    if (fallback !== undefined) expect(match?.[1]).toBe(fallback);
    const shown = decodeURIComponent(match?.[2] ?? '');
    const isLong = Buffer.byteLength(name) > limits.fileNameBytes;
    if (isLong) expect(name.toWellFormed().startsWith(shown)).toBe(true);
    else expect(shown).toBe(name.toWellFormed());
    expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(limits.fileNameBytes);
  });

  test('a read error breaks the connection instead of truncating the content', async () => {
    download = {
      ...download,
      open: () =>
        Readable.from(
          (async function* () {
            yield content.subarray(0, 500);
            await pause(20);
            throw new Error('the disk failed');
          })(),
        ),
    };
    await expect(get()).rejects.toThrow();
    expect((await fetch(`${server.url}${path}`)).status).toBe(401);
  });
});

/** Opens the stream as a client that decides itself when to read. */
async function openStream(): Promise<Socket> {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`GET /api/v1/events HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\n\r\n`);
  return socket;
}

describe('streams', () => {
  test('events are sent in order and the end of the source ends the response', async () => {
    stream = async function* () {
      for (let number = 1; number <= 500; number += 1) {
        yield { id: String(number), event: 'log', data: { text: `line\n\n${number}` } };
      }
    };
    const answer = await fetch(`${server.url}/api/v1/events`, { headers: { authorization } });
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    const seen: unknown[] = [];
    for await (const event of readEventStream(answer.body as ReadableStream<Uint8Array>)) {
      seen.push(event.id);
    }
    expect(seen).toEqual(Array.from({ length: 500 }, (_, position) => String(position + 1)));
  });

  test('a problem before the first event is a response, not a stream', async () => {
    stream = () => ({
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('broken')) }),
    });
    const answer = await fetch(`${server.url}/api/v1/events`, { headers: { authorization } });
    expect(answer.status).toBe(500);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
  });

  test('a client that never reads stops the source instead of filling memory, and is disconnected', async () => {
    let made = 0;
    const ended = Promise.withResolvers<void>();
    stream = async function* () {
      try {
        for (;;) {
          made += 1;
          yield { event: 'log', data: { text: 'x'.repeat(64 * 1024) } };
        }
      } finally {
        ended.resolve();
      }
    };
    const socket = await openStream();
    socket.pause();
    let before = -1;
    while (made !== before) {
      before = made;
      await pause(200);
    }
    // The buffers of both sockets, and one event more.
    expect(made * 64 * 1024).toBeLessThan(64 * 2 ** 20);
    socket.destroy();
    await ended.promise;
  });

  test.each([0, 50])(
    'a client that disconnects after %i ms releases its stream',
    async (afterMs) => {
      const ended = Promise.withResolvers<void>();
      const opened = Promise.withResolvers<void>();
      stream = async function* (context) {
        try {
          yield { event: 'job', data: {} };
          opened.resolve();
          await new Promise<void>((resolve) => {
            if (context.signal.aborted) resolve();
            context.signal.addEventListener('abort', () => resolve());
          });
        } finally {
          ended.resolve();
        }
      };
      const socket = await openStream();
      await opened.promise;
      await pause(afterMs);
      socket.destroy();
      await ended.promise;
    },
  );

  test('one principal has a limited number of streams, and ended ones do not count', async () => {
    stream = async function* (context) {
      yield { event: 'job', data: {} };
      await new Promise<void>((resolve) => {
        context.signal.addEventListener('abort', () => resolve());
      });
    };
    const stop = new AbortController();
    const open = (): Promise<Response> =>
      fetch(`${server.url}/api/v1/events`, { headers: { authorization }, signal: stop.signal });
    const first = await Promise.all(Array.from({ length: httpLimits.streamsPerPrincipal }, open));
    expect(new Set(first.map((answer) => answer.status))).toEqual(new Set([200]));
    const beyond = await open();
    expect([beyond.status, beyond.headers.get('retry-after')]).toEqual([429, '5']);
    stop.abort();
    await expect
      .poll(async () => {
        const again = new AbortController();
        const { signal } = again;
        const answer = await fetch(`${server.url}/api/v1/events`, {
          headers: { authorization },
          signal,
        });
        again.abort();
        return answer.status;
      })
      .toBe(200);
  });
});
