/**
 * Uploads over the wire: raw and multipart, to artifacts and to engines; truncated, too large,
 * malformed or inconsistent ones are refused early with a reason, and nothing of them is stored.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';

import { operations, type JobDetail } from '@lazaret/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { engineFolders, startInstance, type Instance } from './support/instance.ts';
import { sendPieces, type Sending, type Sent } from './support/piecewise-call.ts';
import { faultOf, rawCall, type RawAnswer } from './support/raw-call.ts';

const { engines, nodes, jobs, artifacts } = operations;
const capBytes = 100_000;
const MiB = 2 ** 20;
let instance: Instance;

beforeAll(async () => {
  instance = await startInstance({ engines: [engineFolders.strings] });
  const { client } = instance;
  // No job has to run here: they stay in the queue.
  const { items } = await client.call(nodes.list, {});
  for (const { name } of items) {
    await client.call(nodes.update, { params: { name }, body: { schedulable: false } });
  }
  const { manifest } = await client.call(engines.show, { params: { name: 'strings' } });
  const add = (
    name: string,
    input: object,
    parameters?: Record<string, unknown>,
  ): Promise<unknown> =>
    client.call(engines.add, {
      body: {
        manifest: {
          name,
          image: manifest.image,
          input,
          ...(parameters === undefined ? {} : { parameters: { schema: parameters } }),
        },
      },
    });
  await add('capped', { name: 'sample.bin', maxBytes: capBytes });
  await add('natural', { maxBytes: capBytes });
  await add('pairs', { count: { min: 2, max: 2 } });
  const needs = { type: 'object', properties: { mode: { type: 'string' } }, required: ['mode'] };
  await add('picky', {}, needs);
  await add('asleep', {});
  await client.call(engines.update, { params: { name: 'asleep' }, body: { enabled: false } });
});
afterAll(() => instance.close());

/** Stored content and jobs. */
async function kept(): Promise<{ blobs: number; leftovers: number; jobs: number }> {
  const directory = join(instance.dataDirectory, 'blobs');
  const files = await readdir(directory, { recursive: true });
  return {
    blobs: files.filter((name) => /[0-9a-f]{64}$/.test(name)).length,
    leftovers: (await readdir(join(directory, 'temporary'))).length,
    jobs: (await instance.client.call(jobs.count, {})).total,
  };
}

/**
 * Checks that nothing was stored during the work. Waits for a file that is still being removed;
 * a leftover of another test may be removed meanwhile, so there may be fewer leftovers then.
 */
async function storesNothing<T>(work: () => Promise<T>): Promise<T> {
  const { leftovers, ...before } = await kept();
  const result = await work();
  const came = async (): Promise<object> => {
    const after = await kept();
    return { ...after, leftovers: Math.max(0, after.leftovers - leftovers) };
  };
  await expect.poll(came).toEqual({ ...before, leftovers: 0 });
  return result;
}

/** To the engine `capped`, with the administrator's token, unless given. */
function send(sending: Partial<Sending> & Pick<Sending, 'body'>): Promise<Sent> {
  const { path = '/capped/upload', method = 'PUT', headers = [], ...rest } = sending;
  const authorized = [`authorization: Bearer ${instance.adminToken}`, ...headers];
  return sendPieces(instance.url, { path, method, headers: authorized, ...rest });
}

function codeOf({ answer }: Sent): string {
  expect(faultOf(answer)).toBeUndefined();
  return (JSON.parse(answer.text) as { code: string }).code;
}

function put(
  path: string,
  body: Uint8Array | string,
  { method = 'PUT', ...headers }: Readonly<Record<string, string>> = {},
): Promise<RawAnswer> {
  const authorization = `Bearer ${instance.adminToken}`;
  return rawCall(instance.url, { method, path, body, headers: { authorization, ...headers } });
}

async function jobOf(answer: RawAnswer): Promise<JobDetail> {
  expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('jobid')]);
  const id = (JSON.parse(answer.text) as { jobid: string }).jobid;
  return instance.client.call(jobs.show, { params: { id } });
}

const boundary = 'the-boundary';
const multipart = { 'content-type': `multipart/form-data; boundary=${boundary}` };

function form(...parts: readonly [disposition: string, content: string | Uint8Array][]): Buffer {
  return Buffer.concat([
    ...parts.flatMap(([disposition, content]) => [
      Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; ${disposition}\r\n\r\n`),
      Buffer.from(content),
      Buffer.from('\r\n'),
    ]),
    Buffer.from(`--${boundary}--\r\n`),
  ]);
}

function* zeros(bytes: number): Generator<Uint8Array> {
  const piece = Buffer.alloc(256 * 1024);
  for (let left = bytes; left > 0; left -= piece.length) yield piece.subarray(0, left);
}

/** More than sockets buffer on both sides, far less than what was to be sent. */
const farLessBytes = 64 * MiB;

describe.each(['PUT', 'POST'])('%s of the legacy API', (method) => {
  test.each([0, 1, capBytes - 1, capBytes])('%i bytes, raw and multipart', async (size) => {
    const content = randomBytes(size);
    const sha256 = createHash('sha256').update(content).digest('hex');
    const raw = await jobOf(await put('/capped/upload', content, { method }));
    expect(raw.inputs).toEqual([{ name: 'sample.bin', sha256, sizeBytes: size }]);
    const body = form(['name="upload"; filename="my sample.apk"', content]);
    const other = await jobOf(await put('/capped/upload', body, { ...multipart, method }));
    expect(other.inputs).toEqual([{ name: 'my sample.apk', sha256, sizeBytes: size }]);
  });

  test('a file of exactly the limit is accepted, one byte more is refused and not stored', async () => {
    const over = randomBytes(capBytes + 1);
    const body = form(['name="upload"; filename="x"', over]);
    for (const [bytes, headers] of [[over, {}] as const, [body, multipart] as const]) {
      const answer = await storesNothing(() =>
        put('/capped/upload', bytes, { ...headers, method }),
      );
      expect([answer.status, faultOf(answer)]).toEqual([413, undefined]);
    }
  });
});

test('a body of 1 GiB without a length is refused while it is read, long before its end', async () => {
  function* chunked(): Generator<Uint8Array> {
    for (const piece of zeros(1024 * MiB)) {
      yield Buffer.concat([
        Buffer.from(`${piece.length.toString(16)}\r\n`),
        piece,
        Buffer.from('\r\n'),
      ]);
    }
  }
  const headers = ['transfer-encoding: chunked'];
  const sent = await storesNothing(() => send({ headers, body: chunked() }));
  expect(codeOf(sent)).toBe('payload_too_large');
  expect(sent.sentBytes).toBeLessThan(farLessBytes);
});

test('a multipart body of 1 GiB is refused at the limit, without loading it into memory', async () => {
  function* body(): Generator<Uint8Array> {
    yield Buffer.from(
      `--${boundary}\r\ncontent-disposition: form-data; name="f"; filename="x"\r\n\r\n`,
    );
    yield* zeros(1024 * MiB);
  }
  const headers = [`content-type: ${multipart['content-type']}`, 'content-length: 1073741824'];
  const sent = await storesNothing(() => send({ headers, body: body() }));
  expect(codeOf(sent)).toBe('payload_too_large');
  expect(sent.sentBytes).toBeLessThan(farLessBytes);
});

test.each([
  ['an announced length above the limit', '/capped/upload', 413, 'payload_too_large'],
  ['an unknown engine', '/no-such-engine/upload', 404, 'not_found'],
  ['a reserved name', '/api/upload', 400, 'invalid_request'],
  ['a disabled engine', '/asleep/upload', 409, 'engine_disabled'],
  ['an engine that takes two files', '/pairs/upload', 400, 'invalid_input'],
  ['an engine that needs parameters', '/picky/upload', 400, 'invalid_parameters'],
  ['an unknown project', '/api/v1/artifacts?project=never', 404, 'not_found'],
])('%s is refused at once, before the body', async (_, path, status, code) => {
  const method = path.startsWith('/api/v1') ? 'POST' : 'PUT';
  const headers = ['content-length: 1073741824'];
  const sent = await storesNothing(() => send({ path, method, headers, body: [] }));
  expect([sent.answer.status, codeOf(sent)]).toEqual([status, code]);
});

test('Expect: 100-continue is answered with the refusal, not with 100', async () => {
  const headers = ['content-length: 1073741824', 'expect: 100-continue'];
  const refused = await send({ headers, body: [] });
  expect(codeOf(refused)).toBe('payload_too_large');
  const answer = await put('/capped/upload', 'asked first', { expect: '100-continue' });
  expect((await jobOf(answer)).inputs[0]?.sizeBytes).toBe(11);
});

test('a client that is still sending when refused receives the response', async () => {
  for (let round = 0; round < 5; round += 1) {
    const answer = await fetch(`${instance.url}/capped/upload`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${instance.adminToken}` },
      body: Buffer.alloc(20 * MiB),
    });
    expect(answer.status).toBe(413);
  }
});

test.each([
  ['raw', '/capped/upload', ['content-length: 1000'], ['x'.repeat(500)]],
  ['in a chunk', '/capped/upload', ['transfer-encoding: chunked'], ['10\r\nabc']],
  ['between chunks', '/capped/upload', ['transfer-encoding: chunked'], ['3\r\nabc\r\n']],
  ['as an artifact', '/api/v1/artifacts', ['content-length: 1000'], ['x'.repeat(999)]],
  [
    'in a multipart file',
    '/capped/upload',
    ['content-length: 1000', `content-type: ${multipart['content-type']}`],
    [
      form(['name="f"; filename="x"', 'x'.repeat(300)])
        .toString()
        .slice(0, 200),
    ],
  ],
  [
    'before the last boundary',
    '/capped/upload',
    ['content-length: 1000', `content-type: ${multipart['content-type']}`],
    [form(['name="f"; filename="x"', 'whole']).toString()],
  ],
])('an upload that is aborted %s leaves no file', async (_, path, headers, body) => {
  const method = path.startsWith('/api') ? 'POST' : 'PUT';
  await storesNothing(async () => {
    await send({ path, method, headers, body, cut: true });
    // The server notices when the connection ends; the next call is processed after that.
    await instance.client.call(jobs.count, {});
  });
});

test('a wrong content length is detected', async () => {
  const digest = createHash('sha256').update('abcdefgh').digest('hex');
  await send({ headers: ['content-length: 3'], body: ['abcdefgh'] });
  const whole = await put(`/api/v1/artifacts/${digest}`, '', { method: 'GET' });
  expect(whole.status).toBe(404);
  const wrong = await storesNothing(() =>
    send({
      headers: ['content-length: -3'],
      body: ['abc'],
    }),
  );
  expect(wrong.answer.status).toBe(400);
});

test.each([['no size\r\n'], ['0\r\ncontent-length: 9\r\n\r\n']])(
  'a body that becomes invalid HTTP leaves no file: %j',
  async (end) => {
    const body = ['3\r\nabc\r\n', end];
    const headers = ['transfer-encoding: chunked'];
    const sent = await storesNothing(() => send({ headers, body }));
    expect(codeOf(sent)).toBe('invalid_request');
  },
);

test('chunks with extensions and trailers are one body', async () => {
  const body = ['3;a=b\r\nabc\r\n', '2\r\nde\r\n', '0\r\nx-trailer: 1\r\n\r\n'];
  const sent = await send({ headers: ['transfer-encoding: chunked'], body });
  expect((await jobOf(sent.answer)).inputs[0]?.sizeBytes).toBe(5);
});

describe('multipart', () => {
  test.each<[string, string | Buffer, string]>([
    ['no file part', form(['name="field"', 'text']), 'malformed_body'],
    ['nothing at all', `--${boundary}--\r\n`, 'malformed_body'],
    ['only junk', 'junk', 'malformed_body'],
    ['no last boundary', form(['name="f"; filename="x"', 'x']).subarray(0, -6), 'malformed_body'],
    [
      'several files',
      form(['name="f"; filename="x"', 'x'], ['name="g"; filename="y"', 'y']),
      'malformed_body',
    ],
    [
      'too much data besides the file',
      Buffer.concat([form(['name="f"; filename="x"', 'x']), Buffer.alloc(4 * MiB)]),
      'malformed_body',
    ],
    [
      'an endless preamble',
      Buffer.concat([Buffer.alloc(4 * MiB), form(['name="f"; filename="x"', 'x'])]),
      'malformed_body',
    ],
  ])('%s is refused and nothing is stored', async (_, body, code) => {
    const answer = await storesNothing(() => put('/capped/upload', body, multipart));
    expect([answer.status, faultOf(answer)]).toEqual([400, undefined]);
    expect(JSON.parse(answer.text)).toMatchObject({ code });
  });

  test('a missing boundary parameter is refused', async () => {
    const headers = { 'content-type': 'multipart/form-data' };
    const answer = await storesNothing(() => put('/capped/upload', 'x', headers));
    expect([answer.status, faultOf(answer)]).toEqual([400, undefined]);
  });

  test('fields, a preamble and an epilogue around the file are ignored', async () => {
    const whole = form(
      ['name="a"', 'field'],
      ['name="f"; filename="x"', 'content'],
      ['name="b"', 'z'],
    );
    const body = Buffer.concat([Buffer.from('preamble\r\n'), whole, Buffer.from('epilogue')]);
    const job = await jobOf(await put('/capped/upload', body, multipart));
    expect(job.inputs).toMatchObject([{ name: 'x', sizeBytes: 7 }]);
  });

  test.each([
    ['a path', 'filename="../../etc/passwd"', 'passwd'],
    ['a path of Windows', String.raw`filename="C:\\temp\\evil.exe"`, 'evil.exe'],
    ['quotes', String.raw`filename="a\"b.apk"`, 'a"b.apk'],
    ['nothing', 'filename=""', /^[0-9a-f]{64}$/],
    ['dots', 'filename=".."', /^[0-9a-f]{64}$/],
    ['300 bytes', `filename="${'n'.repeat(300)}"`, 'n'.repeat(255)],
    ['unicode', 'filename="\u{1f9a0} d\u00e9j\u00e0.bin"', '\u{1f9a0} d\u00e9j\u00e0.bin'],
    ['RFC 5987', "filename*=UTF-8''na%C3%AFve%20name.apk", 'na\u00efve name.apk'],
    ['300 bytes of unicode', `filename="${'\u00e9'.repeat(150)}"`, '\u00e9'.repeat(127)],
    ['markup', 'filename="<img src=x>.html"', '<img src=x>.html'],
  ])('a file name with %s', async (_, disposition, expected) => {
    const body = form([`name="f"; ${disposition}`, randomBytes(9)]);
    const job = await jobOf(await put('/natural/upload', body, multipart));
    const name = job.inputs[0]?.name ?? '';
    if (typeof expected === 'string') expect(name).toBe(expected);
    else expect(name).toMatch(expected);
  });

  test('a file name with a newline adds no line to headers or logs', async () => {
    const body = form([`name="f"; filename*=UTF-8''two%0D%0Alines.apk`, randomBytes(9)]);
    const refused = await storesNothing(() => put('/natural/upload', body, multipart));
    expect(faultOf(refused)).toBeUndefined();
    const job = await jobOf(await put('/natural/upload?name=two%0D%0Alines%1B%5B2J', 'raw'));
    expect(job.inputs[0]?.name).toMatch(/^two.+lines/u);
    expect(job.inputs[0]?.name).not.toMatch(/\p{Cc}/u);
  });
});

test('concurrent uploads of the same content are stored once, and each is answered', async () => {
  const content = randomBytes(MiB);
  const before = await kept();
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => put('/api/v1/artifacts', content, { method: 'POST' })),
  );
  expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 8 }, () => 201));
  expect(new Set(answers.map((answer) => JSON.parse(answer.text).sha256)).size).toBe(1);
  expect(await kept()).toEqual({ ...before, blobs: before.blobs + 1 });
});

test('a digest mismatch is refused, and nothing is stored', async () => {
  const path = `/api/v1/artifacts?sha256=${'0'.repeat(64)}`;
  const answer = await storesNothing(() => put(path, 'other', { method: 'POST' }));
  expect(JSON.parse(answer.text)).toMatchObject({ code: 'checksum_mismatch' });
});

test('a submission that cannot be stored is an error, and its retry creates one job', async () => {
  const headers = { 'idempotency-key': 'the-same-upload' };
  const first = await jobOf(await put('/capped/upload', 'once', headers));
  const again = await jobOf(await put('/capped/upload', 'once', headers));
  expect(again.id).toBe(first.id);
  const other = await put('/capped/upload', 'another', headers);
  expect(JSON.parse(other.text)).toMatchObject({ code: 'idempotency_conflict' });
  const artifact = await instance.client.call(artifacts.show, {
    params: { sha256: createHash('sha256').update('once').digest('hex') },
  });
  expect(artifact.sizeBytes).toBe(4);
});

test('slow headers time out', async () => {
  const { hostname, port } = new URL(instance.url);
  const socket = connect(Number(port), hostname);
  let got = '';
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  socket.on('data', (chunk) => (got += chunk.toString())).on('error', () => undefined);
  socket.write('PUT /capped/upload HTTP/1.1\r\nx-slow: ');
  const drip = setInterval(() => socket.write('a'), 500);
  await closed;
  clearInterval(drip);
  expect(got).toMatch(/^HTTP\/1\.1 408 /);
});
