/**
 * Invalid requests to every operation, derived from its declaration, by an administrator: each
 * response is a well-formed problem or a real success, never a server error, and nothing is left
 * partially done.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { buildPath, operationList, operations, type Operation } from '@lazaret/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';

import {
  badDocuments,
  badTexts,
  badValues,
  makeSample,
  type Schema,
} from './support/bad-values.ts';
import { takeThird } from './support/exhaustive.ts';
import { startInstance, type Instance } from './support/instance.ts';
import { faultOf, rawBytes, rawCall, type RawAnswer, type RawCall } from './support/raw-call.ts';

let instance: Instance;
let described: Record<string, Record<string, Described>>;
const requestId = 'bad-input-test';
/** Successful calls, by operation. */
const successes = new Map<string, number>();

interface Described {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Schema }> };
}

beforeAll(async () => {
  instance = await startInstance({ arguments: ['--requests-per-minute', '1000000'] });
  const document = await instance.client.call(operations.system.openapi, {});
  described = document['paths'] as typeof described;
});
afterAll(() => instance.close());

const placeholders = {
  engine: 'no-such-engine',
  name: 'no-such-name',
  id: '0'.repeat(16),
  sha256: '0'.repeat(64),
  digest: `sha256:${'0'.repeat(64)}`,
  other: `sha256:${'0'.repeat(64)}`,
  position: '0',
  path: 'no-such-path',
  secret: 'no-such-secret',
};

function pathOf(operation: Operation, params: Readonly<Record<string, string>> = {}): string {
  return buildPath(operation.path, { ...placeholders, ...params });
}

function describe(operation: Operation): Described {
  const path = operation.path.replaceAll(/:([A-Za-z0-9]+)/g, '{$1}');
  return described[path]?.[operation.method.toLowerCase()] ?? {};
}

function headersFor(operation: Operation, more: RawCall['headers'] = {}): RawCall['headers'] & {} {
  return {
    authorization: `Bearer ${instance.adminToken}`,
    'x-request-id': requestId,
    ...(operation.bodyKind === 'json' ? { 'content-type': 'application/json' } : {}),
    ...more,
  };
}

/**
 * Makes a third of the calls, other ones for each operation, one after the other; expects no wrong
 * response.
 */
async function tryMany(operation: Operation, calls: readonly Partial<RawCall>[]): Promise<void> {
  const wrong: string[] = [];
  for (const call of takeThird(calls, operationList.indexOf(operation))) {
    const whole = { method: operation.method as string, path: pathOf(operation), ...call };
    const headers = headersFor(operation, call.headers);
    const answer = await rawCall(instance.url, { ...whole, headers }).catch(String);
    const fault = typeof answer === 'string' ? answer : judge(operation, answer, whole.method);
    if (fault !== undefined) wrong.push(`${show(whole)}: ${fault}`);
  }
  expect(wrong).toEqual([]);
}

function judge(operation: Operation, answer: RawAnswer, method: string): string | undefined {
  const { status } = answer;
  if (status >= 200 && status < 300) {
    successes.set(operation.name, (successes.get(operation.name) ?? 0) + 1);
    return undefined;
  }
  if (method === 'HEAD') return status < 500 ? undefined : `status ${status}`;
  return faultOf(answer, requestId);
}

function show({ method, path, headers, body }: RawCall): string {
  const start = Buffer.from(body ?? '')
    .toString('latin1')
    .slice(0, 120);
  return `${method} ${path.slice(0, 160)} ${JSON.stringify(headers ?? {}).slice(0, 120)} ${start}`;
}

function sampleOf(operation: Operation): unknown {
  return makeSample(describe(operation).requestBody?.content['application/json']?.schema ?? {});
}

const named = operationList.map((operation) => [operation.name, operation] as const);
const withJson = named.filter(([, operation]) => operation.bodyKind === 'json');

test.each(named)('%s: path and query parameters', async (_, operation) => {
  const parameters = describe(operation).parameters ?? [];
  const calls = parameters.flatMap(({ name, in: place }) =>
    badTexts.flatMap((text) =>
      place === 'path'
        ? [{ path: pathOf(operation, { [name]: 'PLACE' }).replace('PLACE', text) }]
        : [{ path: `${pathOf(operation)}?${name}=${text}` }],
    ),
  );
  const twice = parameters
    .filter((one) => one.in === 'query')
    .flatMap(({ name }) => [
      `${name}=1&${name}=2`,
      `${name}[]=1`,
      `${name}[__proto__]=1`,
      `${name}`,
    ]);
  const odd = [
    '__proto__=1',
    'constructor[prototype]=1',
    '%',
    '%zz=1',
    '&&&==',
    `x=${'y'.repeat(9_000)}`,
  ];
  const queries = [...twice, ...odd].map((query) => ({ path: `${pathOf(operation)}?${query}` }));
  await tryMany(operation, [...calls, ...queries]);
});

test.each(named)('%s: unexpected methods, headers and bodies', async (_, operation) => {
  const taken = [operation.method, ...(operation.alsoMethods ?? [])] as string[];
  const path = pathOf(operation);
  for (const method of ['OPTIONS', 'PROPFIND', 'TRACE', 'PUT', 'PATCH']) {
    if (methodsAt(path).includes(method)) continue;
    const answer = await rawCall(instance.url, { method, path, headers: headersFor(operation) });
    expect([method, answer.status, faultOf(answer, requestId)]).toEqual([method, 405, undefined]);
    expect(answer.headers['allow']?.split(', ')).toEqual(expect.arrayContaining(taken));
  }
  await tryMany(operation, [
    ...(operation.method === 'GET' ? [{ method: 'HEAD' }] : []),
    ...oddHeaders.map((headers) => ({ headers })),
    ...(operation.bodyKind === 'bytes' ? [] : [{ body: 'x'.repeat(3_000_000) }, { body: '{}' }]),
    { body: '{}', headers: { 'content-type': 'nonsense' } },
    { body: '{}', headers: { 'content-type': 'text/html; charset=utf-16' } },
    { body: '{}', headers: { 'content-encoding': 'gzip' } },
  ]);
});

function methodsAt(path: string): string[] {
  return operationList
    .filter((one) => new RegExp(`^${one.path.replaceAll(/:[A-Za-z0-9]+/g, '[^/]+')}$`).test(path))
    .flatMap((one) => [one.method, ...(one.alsoMethods ?? [])]);
}

const oddHeaders: readonly Record<string, string | string[]>[] = [
  { range: 'bytes=9999999999999999999-' },
  { range: 'bytes=-0,1-2,,' },
  { range: 'lines=1-2' },
  { 'if-none-match': `"${'x'.repeat(5_000)}"` },
  { 'if-none-match': '*' },
  { 'if-range': 'Thu, 01 Jan 1970 00:00:00 GMT', range: 'bytes=0-0' },
  { 'last-event-id': '999999999.999999999' },
  { 'last-event-id': '-1.NaN; drop table jobs' },
  { 'last-event-id': 'x'.repeat(8_000) },
  { 'idempotency-key': 'x'.repeat(5_000) },
  { 'idempotency-key': 'two words \u00ff' },
  { 'idempotency-key': ['one', 'two'] },
  { expect: 'a miracle' },
  { 'x-forwarded-for': '1.2.3.4, "><script>' },
  { accept: 'application/x-nothing' },
  { cookie: `lazaret_session=${'x'.repeat(5_000)}` },
];

test.each(withJson)('%s: bodies that are not JSON', async (_, operation) => {
  const sample = JSON.stringify(sampleOf(operation));
  await tryMany(operation, [
    ...badDocuments(sample).map((body) => ({ body })),
    { body: sample, headers: { 'content-type': 'text/plain' } },
    { body: sample, headers: { 'content-type': 'application/jsonp' } },
    { body: '{}', headers: { 'content-type': '' } },
  ]);
});

test.each(withJson)('%s: every body field with every invalid value', async (_, operation) => {
  const bodies = [...badValues(sampleOf(operation))];
  await tryMany(
    operation,
    bodies.map((body) => ({ body })),
  );
});

test.each(named)('%s: an invalid credential next to a valid one', async (_, operation) => {
  for (const authorization of [
    'Bearer',
    'Bearer \u00e9',
    `Bearer ${'x'.repeat(9_000)}`,
    'Basic :',
  ]) {
    const headers = { ...headersFor(operation), authorization };
    const answer = await rawCall(instance.url, {
      method: operation.method,
      path: pathOf(operation),
      headers,
    });
    if (operation.access === 'public') expect(answer.status).not.toBe(500);
    else expect([answer.status, faultOf(answer, requestId)]).toEqual([401, undefined]);
  }
});

test.each([
  ['not HTTP at all', 'hello\r\n\r\n'],
  ['an unknown method', 'BREW / HTTP/1.1\r\nhost: x\r\n\r\n'],
  ['a header with NUL', 'GET / HTTP/1.1\r\nhost: x\r\nx-a: \0\r\n\r\n'],
  ['a folded header', 'GET / HTTP/1.1\r\nhost: x\r\nx-a: 1\r\n 2\r\n\r\n'],
  ['headers above the limit', `GET / HTTP/1.1\r\nhost: x\r\nx-a: ${'a'.repeat(40_000)}\r\n\r\n`],
  ['a very long address', `GET /${'a'.repeat(40_000)} HTTP/1.1\r\nhost: x\r\n\r\n`],
  ['two lengths', 'POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n'],
  [
    'a length together with chunks',
    'POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['a broken chunk', 'POST /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'],
])('%s is refused with a problem, and the connection is closed', async (_, bytes) => {
  const got = await rawBytes(instance.url, bytes);
  const [head = '', ...rest] = got.split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1\.1 4\d\d /);
  expect(head).toContain('application/problem+json');
  expect(JSON.parse(rest.join(''))).toMatchObject({ status: Number(head.split(' ')[1]) });
});

test('a request id that could break a log or a header is replaced', async () => {
  for (const id of ['short', 'x'.repeat(65), 'a b c d e f g', 'id;rm -rf', '\u00e9'.repeat(10)]) {
    const path = '/api/v1/nothing';
    const answer = await rawCall(instance.url, {
      method: 'GET',
      path,
      headers: { 'x-request-id': id },
    });
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-z]{16}$/);
    expect(faultOf(answer)).toBeUndefined();
  }
});

test('an empty list of inputs is accepted or refused, and scheduling continues', async () => {
  const old = await send('POST', '/tasks', '{"tasks":[]}');
  expect([old.status, faultOf(old)]).toEqual([404, undefined]);
  const empty = await send('POST', '/api/v1/engines/import', '{"engines":[]}');
  expect([empty.status, faultOf(empty)]).toEqual([400, undefined]);
  const job = await send('POST', '/api/v1/jobs', '{"engine":"no-such-engine","inputs":[]}');
  expect([job.status, faultOf(job)]).toEqual([404, undefined]);
  await expectHealthy();
});

test('negative memory is refused and adds no capacity', async () => {
  for (const memory of [-1, -(2 ** 30), 0, 1.5, '-512MiB', '+1GiB', 'NaN', 1e300, null, '1e9']) {
    const manifest = { name: 'negative', image: 'lab/none', resources: { memory } };
    const body = JSON.stringify({ manifest });
    const answer = await send('POST', '/api/v1/engines/validate', body);
    expect([memory, answer.status, faultOf(answer)]).toEqual([memory, 400, undefined]);
    expect(answer.text).toContain('resources.memory');
  }
});

test('parameters whose names look like ids, secrets or keywords are returned unchanged', async () => {
  const schema = {
    type: 'object',
    properties: {
      sample_id: { const: '5f0000000000000000000000' },
      keyword: { type: 'string', default: 'token' },
    },
  };
  const manifest = { name: 'rewriting', image: 'lab/none', parameters: { schema } };
  const answer = await send('POST', '/api/v1/engines/validate', JSON.stringify({ manifest }));
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.text)).toMatchObject({ parameters: { schema } });
});

test('after all bad input the server is healthy and nothing is left partially done', async () => {
  await expectHealthy();
  const { client, dataDirectory } = instance;
  expect((await client.call(operations.jobs.count, {})).total).toBe(0);
  const { items: engines } = await client.call(operations.engines.list, {});
  expect(engines.length).toBeLessThanOrEqual(count('engines.add') + count('engines.import'));
  const { items: users } = await client.call(operations.access.userList, { query: { limit: 200 } });
  const made = users.filter((user) => user.name !== 'local');
  expect(made.length).toBeLessThanOrEqual(count('users.create') + count('setup.complete') + 1);
  const blobs = join(dataDirectory, 'blobs');
  expect(await readdir(join(blobs, 'temporary'))).toEqual([]);
  const files = (await readdir(blobs, { recursive: true })).filter((name) =>
    /[0-9a-f]{64}/.test(name),
  );
  expect(files.length).toBeLessThanOrEqual(count('artifacts.upload') + count('legacy.upload'));
  expect(instance.output()).not.toMatch(/request failed|unhandled|uncaught/i);
});

function count(name: string): number {
  return successes.get(name) ?? 0;
}

async function expectHealthy(): Promise<void> {
  const health = await rawCall(instance.url, { method: 'GET', path: '/healthz' });
  expect([health.status, JSON.parse(health.text)]).toMatchObject([200, { ok: true }]);
}

function send(method: string, path: string, body: string): Promise<RawAnswer> {
  const headers = {
    authorization: `Bearer ${instance.adminToken}`,
    'content-type': 'application/json',
  };
  return rawCall(instance.url, { method, path, headers, body });
}
