/**
 * Clients that try to get around the gate, in front of a registry that requires tokens: other names
 * of what is blocked, writes, and the credentials of either side.
 */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';

import { buildIndex } from '@lazaret/analysis/testing';
import { startFakeRegistry } from '@lazaret/oci/testing';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import {
  putTiny,
  readRefusal,
  startGateFixture,
  type GateFixture,
  type Put,
  type TestGate,
} from '../testing/gate-fixture.ts';
import { buildTiny } from '../testing/watch-fixture.ts';

const password = 'correct horse';
let lab: GateFixture;
let gate: TestGate;
let good: Put;
let bad: Put;

beforeAll(async () => {
  const access = { mode: 'token', users: { ana: password } } as const;
  const registry = await startFakeRegistry({ now: () => Date.now(), access });
  const credentials = 'file:secret';
  lab = await startGateFixture(inject('databaseUrl'), { registry, credentials });
  await writeFile(join(lab.directory, 'secret'), `ana:${password}\n`, { mode: 0o600 });
  gate = await lab.start({ anonymous: false });
  good = await putTiny(lab, 'good', 'lab/app');
  bad = await putTiny(lab, 'bad', 'lab/bad');
  await lab.settle(good.digest, 'pass', 'lab/app');
  await lab.settle(bad.digest, 'block', 'lab/bad');
});
afterAll(() => lab.close());

const headers = () => ({ authorization: `Bearer ${lab.token}` });

/** The answer to a path exactly as it is written: `fetch` would normalize it. */
async function raw(path: string, more: readonly string[] = []): Promise<string> {
  const [host = '', port = ''] = gate.gate.address.split(':');
  const socket = connect(Number(port), host);
  const lines = [
    ...[`GET ${path} HTTP/1.1`, 'host: gate', 'connection: close'],
    ...[`authorization: Bearer ${lab.token}`, ...more],
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  await once(socket, 'close');
  return text;
}

test('no other way to write a path or name reaches what is blocked', async () => {
  const { digest, layer } = bad;
  const upper = `sha256:${digest.slice(7).toUpperCase()}`;
  for (const path of [
    `/v2/lab%2Fbad/manifests/${digest}`,
    `/v2/lab/app/..%2f..%2flab/bad/manifests/${digest}`,
    `/v2/lab/app/%2e%2e/bad/manifests/bad`,
    `/v2/lab/app/../bad/manifests/bad`,
    `/v2/lab/app/%252e%252e/bad/manifests/bad`,
    `//elsewhere/v2/lab/bad/manifests/bad`,
    `http://elsewhere/v2/lab/bad/manifests/bad`,
    `/v2\\lab\\bad/manifests/bad`,
    `/v2/lab/bad/manifests/bad%00`,
    `/v2/lab/bad/manifests/bad%3Fns=x`,
    `/v2/Lab/Bad/manifests/${digest}`,
    `/v2/lab/bad/manifests/${upper}`,
    `/v2/lab/bad/manifests/SHA256:${digest.slice(7)}`,
    `/v2/lab/bad/manifests/sha256%3A${digest.slice(7)}`,
    `/v2/lab/bad//manifests/bad`,
    // Under another name, and as a blob: registries store manifests as blobs.
    `/v2/lab/app/manifests/${digest}`,
    `/v2/lab/bad/blobs/${digest}`,
    `/v2/lab/app/blobs/${digest}`,
    `/v2/lab/app/blobs/${layer}`,
    `/v2/lab/bad/blobs/uploads/${layer}`,
  ]) {
    const answer = await raw(path);
    expect(answer, path).toMatch(/^HTTP\/1\.1 40[0-9] /);
    expect(answer, path).not.toContain(bad.image.bytes.toString().slice(0, 40));
  }
});

test('HEAD, ranges and conditions get no further than GET', async () => {
  const path = `/v2/lab/bad/manifests/${bad.digest}`;
  const head = await gate.get(path, { method: 'HEAD', headers: headers() });
  expect([head.status, await head.text()]).toEqual([403, '']);
  for (const more of [{ range: 'bytes=0-' }, { 'if-none-match': `"${bad.digest}"` }]) {
    const get = await gate.get(path, { headers: { ...headers(), ...more } });
    expect(get.status).toBe(403);
    const blob = `/v2/lab/bad/blobs/${bad.layer}`;
    expect((await gate.get(blob, { headers: { ...headers(), ...more } })).status).toBe(403);
  }
});

test('a refused index and its refused image are refused by digest; its other image is inspected first', async () => {
  const [one, other] = [await buildTiny('amd64'), await buildTiny('arm64')];
  const index = buildIndex({ children: [one, other] });
  lab.registry.store.putImage('lab/multi', '1', index);
  await lab.settle(index.descriptor.digest, 'block', 'lab/multi');
  await lab.settle(one.descriptor.digest, 'block', 'lab/multi');
  const status = async (digest: string) =>
    (await gate.get(`/v2/lab/multi/manifests/${digest}`, { headers: headers() })).status;
  expect(await status(index.descriptor.digest)).toBe(403);
  expect(await status(one.descriptor.digest)).toBe(403);
  // Never judged alone: it is inspected before it passes.
  expect(await status(other.descriptor.digest)).toBe(429);
});

test('whatever writes is refused, and never reaches the registry', async () => {
  const before = lab.registry.requests.length;
  const mount = `?mount=${bad.layer}&from=lab/bad`;
  for (const [method, path] of [
    ['POST', `/v2/lab/app/blobs/uploads/${mount}`],
    ['PATCH', '/v2/lab/app/blobs/uploads/1'],
    ['PUT', `/v2/lab/app/manifests/good`],
    ['DELETE', `/v2/lab/app/manifests/${good.digest}`],
    ['DELETE', `/v2/lab/app/blobs/${good.layer}`],
    ['OPTIONS', '/v2/'],
  ] as const) {
    const answer = await gate.get(path, { method, headers: headers() });
    expect(await readRefusal(answer), method).toMatchObject({ status: 405, code: 'UNSUPPORTED' });
  }
  expect(lab.registry.requests.slice(before)).toEqual([]);
});

test('headers that are too large are refused, and the gate continues to serve', async () => {
  const large = await raw('/v2/', [`x-large: ${'a'.repeat(70_000)}`]);
  expect(large).toMatch(/^HTTP\/1\.1 431 /);
  expect(await raw('/v2/')).toMatch(/^HTTP\/1\.1 200 /);
});

test('credentials of clients never reach the registry, nor those of the gate the clients', async () => {
  const seen = lab.registry.requests.length;
  const texts: string[] = [];
  const collect = async (path: string, status: number): Promise<void> => {
    const answer = await raw(path, ['cookie: session=secret', 'x-forwarded-user: root']);
    expect(answer, path).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    texts.push(answer);
  };
  await collect('/v2/lab/app/manifests/good', 200);
  await collect(`/v2/lab/app/blobs/${good.layer}`, 200);
  await collect('/v2/lab/app/tags/list', 200);
  lab.registry.faults.on('echo-refusal');
  await collect('/v2/lab/app/tags/list?n=x', 400);
  await collect(`/v2/lab/app/referrers/${good.digest}`, 400);
  await collect(`/v2/lab/app/manifests/${good.digest}`, 502);
  await collect(`/v2/lab/app/blobs/${good.layer}`, 502);
  lab.registry.faults.off('echo-refusal');
  const asked = lab.registry.requests.slice(seen).map(({ authorization }) => authorization ?? '');
  expect(asked.length).toBeGreaterThan(6);
  expect(asked.filter((one) => one.includes(lab.token))).toEqual([]);
  const own = new Set(asked.map((one) => one.replace(/^\w+ /, '')).filter((one) => one !== ''));
  expect(own.size).toBeGreaterThan(0);
  for (const secret of [...own, password, 'www-authenticate', 'set-cookie']) {
    expect(texts.filter((text) => text.toLowerCase().includes(secret.toLowerCase()))).toEqual([]);
  }
});
