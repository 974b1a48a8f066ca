/**
 * J2: what reaches a registry is inspected, judged, taken out of reach and put back. Every part is
 * real: Debian's docker-registry that reports pushes, `docker push` and `docker pull`, clamd with a
 * signature of the test, a policy, the gate, and the commands of the program.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { operations, type Arrival, type Client, type Decision } from '@lazaret/protocol';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { buildImage } from '../../packages/analysis/src/testing/image-builder.ts';
import { newDockerFiles, packFiles } from '../../packages/analysis/src/testing/write-image.ts';
import { eicar, eicarSignature } from '../../packages/analysis/src/testing/hostile/malware.ts';
import { startClamd, type TestClamd } from '../../packages/analysis/src/testing/clamd.ts';
import {
  startDebianRegistry,
  type DebianRegistry,
} from '../../packages/oci/src/testing/debian-registry.ts';
import { startInstance, type Instance } from '../support/instance.ts';

const run = promisify(execFile);
const { actions, arrivals, decisions, gates, hooks, images, policies, quarantine, registries } =
  operations;
const sign = `this stands for malware ${process.pid}`;
const policy = `
schema: lazaret-policy/1
name: lab
actions:
  quarantine: { enabled: true, dryRun: false, perHour: 100 }
rules:
  - id: malware
    severity: critical
    condition: findings.exists(f, f.class == "malware")
    message: '{{ evidence.map(f, f.rule + " in " + f.path).join(", ") }}'
    actions: [report, quarantine]
`;

let directory = '';
let clamd: TestClamd;
let registry: DebianRegistry;
let instance: Instance;
let client: Client;
let gate = '';
const made: string[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lazaret-watch-'));
  // The health check of the scanner is the EICAR test file.
  const signatures = { 'Lab.Dropper': sign, [eicarSignature]: eicar };
  clamd = await startClamd({ database: { number: 27_000, atMs: Date.now(), signatures } });
  const address = `127.0.0.1:${await findFreePort()}`;
  instance = await startInstance({
    arguments: [
      ...['--gate-listen', '127.0.0.1:0', '--gate-registry', 'lab', '--gate-anonymous'],
      ...['--inspection', JSON.stringify({ clamd: clamd.socketPath })],
    ],
  });
  ({ client } = instance);
  const watched = { kind: 'distribution', plainHttp: true, pollInterval: '1d' } as const;
  await client.call(registries.add, {
    body: { name: 'lab', address, credentials: 'none', ...watched },
  });
  const hook = await client.call(hooks.add, {
    body: { name: 'lab', registry: 'lab', kind: 'distribution' },
  });
  const headers = { [hook.header ?? '']: [hook.generatedSecret ?? ''] };
  registry = await startDebianRegistry({ address, notifications: { url: hook.url, headers } });
  await client.call(policies.apply, { body: { document: policy } });
  gate = await vi.waitFor(
    async () => {
      const [one] = (await client.call(gates.list, {})).items;
      if (one === undefined) throw new Error('no gate is listed');
      return one.address;
    },
    { timeout: 30_000, interval: 50 },
  );
});
afterAll(async () => {
  for (const name of made) await run('docker', ['image', 'rm', '--force', name]).catch(() => '');
  await instance.close();
  await registry.close();
  await clamd.stop();
  await rm(directory, { recursive: true, force: true });
});

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Builds an image of two layers and pushes it with Docker; answers its digest there. */
async function dockerPush(tag: string, content: string): Promise<string> {
  const name = `${registry.host}/lab/shop:${tag}`;
  const base = { path: 'etc/hostname', content: Buffer.from('shop') };
  const top = { path: 'usr/bin/dropper', content: Buffer.from(content.repeat(20)), mode: 0o755 };
  const image = await buildImage({
    names: [name],
    layers: [{ entries: [base] }, { entries: [top] }],
  });
  const archive = join(directory, `${tag}.tar`);
  await writeFile(archive, await packFiles(newDockerFiles([image])));
  made.push(name);
  await run('docker', ['load', '-i', archive]);
  const { stdout } = await run('docker', ['push', name]);
  return /digest: (sha256:[0-9a-f]{64})/.exec(stdout)?.[1] ?? '';
}

/** What Docker printed as the error, or undefined after a pull. */
async function dockerPull(host: string, tag: string): Promise<string | undefined> {
  const name = `${host}/lab/shop:${tag}`;
  made.push(name);
  await run('docker', ['image', 'rm', '--force', name]).catch(() => '');
  return run('docker', ['pull', name]).then(
    () => undefined,
    (error: unknown) => (error as { stderr: string }).stderr,
  );
}

async function waitForDecision(digest: string): Promise<{ arrival: Arrival; decision: Decision }> {
  return vi.waitFor(
    async () => {
      const [arrival] = (await client.call(arrivals.list, { query: { digest } })).items;
      const [decision] = (await client.call(decisions.list, { query: { digest } })).items;
      if (arrival === undefined || decision === undefined) throw new Error('not decided yet');
      return { arrival, decision };
    },
    { timeout: 60_000, interval: 100 },
  );
}

const waitForState = (digest: string, state: string): Promise<string> =>
  vi.waitFor(
    async () => {
      const [item] = (await client.call(quarantine.list, { query: { digest } })).items;
      if (item?.state !== state) throw new Error(`it is ${item?.state}, not ${state}`);
      return item.id;
    },
    { timeout: 60_000, interval: 100 },
  );

test('a clean image is inspected when it is pushed, and is pulled through the gate', async () => {
  const digest = await dockerPush('clean', `harmless ${process.pid} `);
  const { arrival, decision } = await waitForDecision(digest);
  expect(arrival).toMatchObject({ source: 'webhook', verdict: 'clean', state: 'inspected' });
  expect(decision).toMatchObject({ verdict: 'pass', action: 'none', policy: 'lab' });
  expect(await dockerPull(gate, 'clean')).toBeUndefined();
}, 120_000);

test('an infected image is taken out of reach, and is put back by a release', async () => {
  const digest = await dockerPush('bad', sign);
  const { arrival, decision } = await waitForDecision(digest);
  expect(arrival).toMatchObject({ source: 'webhook', verdict: 'malicious' });
  expect(decision).toMatchObject({ verdict: 'fail', action: 'quarantine', tags: ['bad'] });
  expect(decision.reasons.join()).toMatch(/Lab\.Dropper\S* in usr\/bin\/dropper/);
  const { items: findings } = await client.call(images.findings, {
    ...{ params: { digest }, query: {} },
  });
  expect(findings).toMatchObject([
    { scanner: 'clamav', class: 'malware', path: 'usr/bin/dropper', layer: 1 },
  ]);
  const item = await waitForState(digest, 'quarantined');
  expect(await dockerPull(registry.host, 'bad')).toMatch(/not found|unknown/);
  const refusal = await dockerPull(gate, 'bad');
  expect(refusal).toContain('denied');
  expect(refusal).toContain('Lab.Dropper');
  // Garbage collection removes every byte that the registry no longer refers to.
  await registry.collectGarbage();
  await client.call(quarantine.release, {
    params: { id: item },
    body: { reason: 'a sample of the lab' },
  });
  await waitForState(digest, 'released');
  expect(await dockerPull(registry.host, 'bad')).toBeUndefined();
  expect(await dockerPull(gate, 'bad')).toBeUndefined();
  // Another push is decided as before: the person still overrides it, and is asked before it is
  // taken out again.
  const again = `${registry.host}/lab/shop:again`;
  made.push(again);
  await run('docker', ['tag', `${registry.host}/lab/shop:bad`, again]);
  await run('docker', ['push', again]);
  const proposed = await vi.waitFor(
    async () => {
      const query = { digest, state: ['proposed' as const] };
      const [action] = (await client.call(actions.list, { query })).items;
      if (action === undefined) throw new Error('nothing is proposed yet');
      return action;
    },
    { timeout: 60_000, interval: 100 },
  );
  expect(proposed).toMatchObject({ kind: 'quarantine', origin: 'policy' });
  expect(await dockerPull(gate, 'again')).toBeUndefined();
  expect(await dockerPull(gate, 'bad')).toBeUndefined();
  expect(await dockerPull(gate, 'clean')).toBeUndefined();
}, 180_000);
