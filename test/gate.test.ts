/**
 * The gate with real parts: Debian's docker-registry with a password, the whole server with a
 * policy that blocks, and `docker pull` and skopeo as clients.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { operations, type Client } from '@lazaret/protocol';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { buildImage } from '../packages/analysis/src/testing/image-builder.ts';
import {
  startDebianRegistry,
  type DebianRegistry,
} from '../packages/oci/src/testing/debian-registry.ts';
import { pushImage } from '../packages/oci/src/testing/push-image.ts';
import { startInstance, type Instance } from './support/instance.ts';

const run = promisify(execFile);
/** bcrypt of "pass word", made with crypt(3). */
const htpasswd = 'ana:$2y$05$abcdefghijklmnopqrstuuIt/9/tGzLcigNq/.RWIDjeEVR30RSf.\n';
const credentials = 'ana:pass word';
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
    actions: [report, block]
`;
const { gates, policies, registries, system } = operations;

let directory = '';
let registry: DebianRegistry;
let instance: Instance;
let client: Client;
let address = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-gate-'));
  await writeFile(join(directory, 'rules.yar'), rules);
  await writeFile(join(directory, 'secret'), `${credentials}\n`, { mode: 0o600 });
  registry = await startDebianRegistry({ htpasswd });
  const watched = {
    ...{ name: 'lab', address: registry.host, plainHttp: true, pollInterval: '1h' },
    // Nothing is found by a poll: all that is pulled is unknown.
    ...{ repositories: ['none/*'], credentials: `file:${join(directory, 'secret')}` },
  };
  instance = await startInstance({
    arguments: [
      ...['--gate-listen', '127.0.0.1:0', '--gate-registry', 'lab', '--gate-wait', '60s'],
      ...['--registries', JSON.stringify([watched])],
      ...['--inspection', JSON.stringify({ yaraRules: [join(directory, 'rules.yar')] })],
    ],
  });
  ({ client } = instance);
  await client.call(policies.apply, { body: { document: policy } });
  // The gate reports itself as soon as it listens.
  await vi.waitFor(
    async () => {
      const [gate] = (await client.call(gates.list, {})).items;
      if (gate === undefined) throw new Error('no gate is listed');
      ({ address } = gate);
    },
    { timeout: 30_000, interval: 50 },
  );
  expect((await client.call(operations.system.show, {})).roles).toContain('gate');
  const auth = Buffer.from(`any:${instance.adminToken}`).toString('base64');
  const config = JSON.stringify({ auths: { [address]: { auth } } });
  await writeFile(join(directory, 'config.json'), config, { mode: 0o600 });
});
afterAll(async () => {
  await instance.close();
  await registry.close();
  await rm(directory, { recursive: true, force: true });
});

async function push(repository: string, text: string): Promise<{ digest: string; layer: string }> {
  const entries = [{ path: 'app', content: Buffer.from(text) }];
  const image = await buildImage({ layers: [{ entries }] });
  const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  const target = { origin: `http://${registry.host}`, repository, tag: '1', authorization };
  await pushImage(target, image);
  return { digest: image.descriptor.digest, layer: image.layers[0]?.digest ?? '' };
}

const docker = (...words: string[]) => run('docker', ['--config', directory, ...words]);

test('docker pulls an image that nothing knew before, after its inspection', async () => {
  const { digest } = await push('lab/clean', `clean ${process.pid}`);
  const name = `${address}/lab/clean:1`;
  try {
    const { stdout } = await docker('pull', name);
    expect(stdout).toContain(`Digest: ${digest}`);
    const { stdout: shown } = await docker('image', 'inspect', name);
    expect(shown).toContain(digest);
  } finally {
    await docker('image', 'rm', '--force', name).catch(() => undefined);
  }
  const query = { image: `${registry.host}/lab/clean:1` };
  expect(await client.call(gates.check, { query })).toMatchObject({
    ...{ registry: 'lab', repository: 'lab/clean', tag: '1', digest, answer: 'allow' },
    ...{ basis: 'decision', policy: 'lab version 1' },
  });
});

test('docker prints why a blocked image is refused, and its layers are refused too', async () => {
  const { digest, layer } = await push('lab/bad', `an unusual sample ${process.pid}`);
  const failure = await docker('pull', `${address}/lab/bad:1`).then(
    () => '',
    (error: unknown) => (error as { stderr: string }).stderr,
  );
  expect(failure).toContain(`lab/bad:1 (${digest.slice(0, 19)}) is blocked: `);
  expect(failure).toContain('Unusual_Sample');
  const authorization = `Bearer ${instance.adminToken}`;
  const blob = await fetch(`http://${address}/v2/lab/bad/blobs/${layer}`, {
    headers: { authorization },
  });
  expect([blob.status, await blob.text()]).toEqual([403, expect.stringContaining('DENIED')]);
  const { items } = await client.call(operations.arrivals.list, { query: { digest } });
  expect(items.map(({ source, actor }) => [source, actor])).toEqual([['gate', 'local']]);
});

test('docker cannot pull without a token, nor push', async () => {
  const name = `${address}/lab/clean:1`;
  await expect(run('docker', ['--config', '/nonexistent', 'pull', name])).rejects.toMatchObject({
    stderr: expect.stringContaining('no basic auth credentials') as unknown,
  });
  await run('tar', ['-C', directory, '-cf', join(directory, 'root.tar'), 'rules.yar']);
  const { stdout } = await run('docker', [
    ...['import', join(directory, 'root.tar'), `${address}/lab/pushed:1`],
  ]);
  expect(stdout).toContain('sha256:');
  try {
    await expect(docker('push', `${address}/lab/pushed:1`)).rejects.toMatchObject({
      stderr: expect.stringMatching(/gate for pulls only|unsupported|405/i) as unknown,
    });
  } finally {
    await docker('image', 'rm', '--force', `${address}/lab/pushed:1`);
  }
});

test('skopeo copies through the gate byte for byte, and ranges are those of the registry', async () => {
  const { digest, layer } = await push('lab/copied', `copied ${process.pid}`);
  const layout = join(directory, 'layout');
  await run('skopeo', [
    ...['copy', '--src-tls-verify=false', '--preserve-digests'],
    ...['--src-creds', `any:${instance.adminToken}`],
    ...[`docker://${address}/lab/copied:1`, `oci:${layout}:1`],
  ]);
  const { stdout } = await run('skopeo', ['inspect', '--format', '{{.Digest}}', `oci:${layout}:1`]);
  expect(stdout.trim()).toBe(digest);
  const headers = { authorization: `Bearer ${instance.adminToken}`, range: 'bytes=3-9' };
  const part = await fetch(`http://${address}/v2/lab/copied/blobs/${layer}`, { headers });
  expect([part.status, (await part.arrayBuffer()).byteLength]).toEqual([206, 7]);
});

test('status and metrics count what passed and what was refused', async () => {
  // The gate reports its counters every few seconds.
  const counted = async (): Promise<boolean> => {
    const { allowed = 0, denied = 0 } =
      (await client.call(gates.list, {})).items[0]?.counters.pulls ?? {};
    return allowed > 0 && denied > 0;
  };
  await expect.poll(counted, { timeout: 20_000 }).toBe(true);
  const [found] = (await client.call(gates.list, {})).items;
  expect(found?.state).toBe('serving');
  expect(found?.counters).toMatchObject({
    pulls: expect.objectContaining({ failed: 0, bypassed: 0 }) as unknown,
    unauthorized: expect.any(Number) as unknown,
  });
  expect(found?.counters.bytes).toBeGreaterThan(0);
  const headers = { authorization: `Bearer ${instance.adminToken}` };
  const text = await (await fetch(`${instance.url}${system.metrics.path}`, { headers })).text();
  expect(text).toMatch(/lazaret_gate_pulls_total\{gate="[^"]+",outcome="denied"\} [1-9]/);
  const waited =
    /lazaret_gate_pull_duration_seconds_bucket\{.*outcome="allowed",le="\+Inf"\} (\d+)/;
  const total = /lazaret_gate_pull_duration_seconds_count\{.*outcome="allowed"\} (\d+)/;
  expect(Number(waited.exec(text)?.[1])).toBeGreaterThan(0);
  expect(waited.exec(text)?.[1]).toBe(total.exec(text)?.[1]);
  const { results } = await client.call(registries.check, { params: { name: 'lab' } });
  expect(results.find(({ name }) => name === 'sign-in')).toMatchObject({ state: 'ok' });
});
