/**
 * kill -9 of a server with a gate, while one pull is held for its inspection and a blob of another
 * image is being sent. The real program, with Debian's docker-registry behind it.
 */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { operations } from '@lazaret/protocol';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { buildImage } from '../packages/analysis/src/testing/image-builder.ts';
import {
  startDebianRegistry,
  type DebianRegistry,
} from '../packages/oci/src/testing/debian-registry.ts';
import { pushImage } from '../packages/oci/src/testing/push-image.ts';
import { startInstance, type Instance } from './support/instance.ts';

const rules = 'rule Unusual_Sample { strings: $a = "unusual sample" condition: $a }';
const policy = `
schema: lazaret-policy/1
name: lab
actions:
  block: { enabled: true, dryRun: false, perHour: 1000 }
rules:
  - id: unusual
    condition: findings.exists(f, f.rule.contains("Unusual_Sample"))
    message: 'the rule {{ evidence.map(f, f.rule).join(", ") }} matches'
    actions: [block]
`;
const { arrivals, gates, policies } = operations;

let directory = '';
let registry: DebianRegistry;
let instance: Instance;
let words: string[] = [];
/** The same after the restart, as clients have it configured. */
let address = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-gate-killed-'));
  await writeFile(join(directory, 'rules.yar'), rules);
  registry = await startDebianRegistry();
  address = `127.0.0.1:${await freePort()}`;
  const watched = {
    ...{ name: 'lab', address: registry.host, plainHttp: true, credentials: 'none' },
    ...{ repositories: ['none/*'], pollInterval: '1h' },
  };
  words = [
    ...['--gate-listen', address, '--gate-registry', 'lab', '--gate-wait', '60s'],
    ...['--gate-anonymous', '--registries', JSON.stringify([watched])],
    ...['--inspection', JSON.stringify({ yaraRules: [join(directory, 'rules.yar')] })],
  ];
  instance = await startInstance({ arguments: words });
  await instance.client.call(policies.apply, { body: { document: policy } });
});
afterAll(async () => {
  await instance.close();
  await registry.close();
  await rm(directory, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function push(repository: string, content: Buffer) {
  const image = await buildImage({
    layers: [{ compression: 'none', entries: [{ path: 'app', content }] }],
  });
  await pushImage({ origin: `http://${registry.host}`, repository, tag: '1' }, image);
  return { digest: image.descriptor.digest, layer: image.layers[0]?.digest ?? '' };
}

const pull = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`http://${address}/v2/${path}`, { headers });

/** The beginning of a body; the rest is not read until `rest` is. */
async function begin(path: string): Promise<{ first: Buffer; rest: () => Promise<Buffer> }> {
  const [answer] = (await once(get(`http://${address}/v2/${path}`), 'response')) as [
    IncomingMessage,
  ];
  const [first] = (await once(answer, 'data')) as [Buffer];
  answer.pause();
  const rest = async (): Promise<Buffer> => {
    const parts: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => parts.push(chunk));
    answer.resume();
    await expect(once(answer, 'end')).rejects.toMatchObject({ code: 'ECONNRESET' });
    return Buffer.concat(parts);
  };
  return { first, rest };
}

test('after kill -9 nothing passes that was not decided, and what was asked for is answered', async () => {
  const good = await push('lab/good', randomBytes(16 * 1_024 ** 2));
  const sample = Buffer.concat([randomBytes(16 * 1_024 ** 2), Buffer.from('an unusual sample')]);
  const bad = await push('lab/bad', sample);
  expect((await pull('lab/good/manifests/1')).status).toBe(200);
  const { first, rest } = await begin(`lab/good/blobs/${good.layer}`);
  const held = pull('lab/bad/manifests/1').then(
    ({ status }) => status,
    () => 'broken off',
  );
  const list = async () =>
    (await instance.client.call(arrivals.list, { query: { digest: bad.digest } })).items;
  await vi.waitUntil(async () => (await list()).length > 0, { timeout: 10_000, interval: 5 });
  await instance.kill();
  expect(await held).toBe('broken off');
  const got = Buffer.concat([first, await rest()]);

  const { dataDirectory } = instance;
  instance = await startInstance({ arguments: words, dataDirectory });
  // Its layer was never part of an image that passed.
  expect((await pull(`lab/bad/blobs/${bad.layer}`)).status).toBe(403);
  // The client asks for what is missing; without the manifest, which it has.
  const more = await pull(`lab/good/blobs/${good.layer}`, { range: `bytes=${got.length}-` });
  expect(more.status).toBe(206);
  const whole = Buffer.concat([got, Buffer.from(await more.arrayBuffer())]);
  expect(`sha256:${createHash('sha256').update(whole).digest('hex')}`).toBe(good.layer);
  const retried = await pull('lab/bad/manifests/1');
  expect([retried.status, await retried.text()]).toEqual([
    403,
    expect.stringContaining('Unusual_Sample'),
  ]);
  expect((await list()).map(({ source, tag }) => [source, tag])).toEqual([['gate', '1']]);
  // The process that was killed is not listed in addition to the one that has its address.
  const listed = (await instance.client.call(gates.list, {})).items;
  expect(listed.map((one) => [one.address, one.state])).toEqual([[address, 'serving']]);
}, 120_000);
