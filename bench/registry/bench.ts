/**
 * `node bench/registry/bench.ts [--rounds N] [--parts verdict,webhooks,poll]`: what it costs to
 * watch a registry. One run measures each figure together with its bound:
 *
 * - from the end of a push to the verdict of its arrival, against `lazaret inspect` of the same
 *   image from the same registry, both cold, in turns; and of a push that shares all but one layer
 * - the time until a notification is answered, at 200 a second
 * - the requests of a poll of 1,000 repositories with 10 unchanged tags each
 *
 * Debian's docker-registry reports the pushes of skopeo to a whole server.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { arch, cpus, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

import { operations, type Arrival, type Client, type HookWithSecret } from '@lazaret/protocol';

import { startDebianRegistry } from '../../packages/oci/src/testing/debian-registry.ts';
import { startFakeRegistry } from '../../packages/oci/src/testing/fake-registry.ts';
import { startInstance, type Instance } from '../../test/support/instance.ts';
import { buildApp } from '../../test/support/registry-instance.ts';
import { listUsr, makeImage, share, type BenchImage } from '../inspect/make-images.ts';
import { measure } from '../inspect/measure.ts';
import { readTreeCpu } from '../support/process-cpu.ts';

const run = promisify(execFile);
const MiB = 1024 * 1024;
const { registries, arrivals, hooks } = operations;
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    parts: { type: 'string', default: 'verdict,webhooks,poll' },
  },
});
const rounds = Number(values.rounds);
const parts = new Set(values.parts.split(','));
const program = fileURLToPath(new URL('../../packages/cli/bin/lazaret.mjs', import.meta.url));
const lines: string[] = [];

function say(line: string): void {
  lines.push(line);
  process.stdout.write(`${line}\n`);
}

function middle(numbers: readonly number[], at = 0.5): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))] ?? Number.NaN;
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(2);

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

interface Lab {
  readonly instance: Instance;
  readonly host: string;
  close(): Promise<void>;
}

/** A fresh server, and a registry that reports to it; nothing is cached anywhere. */
async function startLab(): Promise<Lab> {
  const host = `127.0.0.1:${await findFreePort()}`;
  const section = { registries: { plainHttp: [host] } };
  const instance = await startInstance({
    arguments: ['--inspection', JSON.stringify(section)],
  });
  const hook = await addHook(instance.client, host);
  const headers = { [hook.header ?? '']: [hook.generatedSecret ?? ''] };
  const registry = await startDebianRegistry({
    ...{ address: host, notifications: { url: hook.url, headers } },
  });
  return {
    ...{ instance, host },
    async close() {
      await instance.close();
      await registry.close();
    },
  };
}

async function addHook(client: Client, address: string): Promise<HookWithSecret> {
  const settings = { kind: 'distribution', plainHttp: true, credentials: 'none' } as const;
  await client.call(registries.add, {
    body: { name: 'lab', address, pollInterval: '1d', backlog: 0, ...settings },
  });
  return client.call(hooks.add, {
    body: { name: 'lab', registry: 'lab', kind: 'distribution' },
  });
}

/** Returns when skopeo has ended, which is when the registry has accepted the manifest. */
async function push({ host }: Lab, { layout }: BenchImage, tag: string): Promise<number> {
  await run('skopeo', [
    ...['copy', '--dest-tls-verify=false', '--preserve-digests'],
    ...[`oci:${layout}`, `docker://${host}/lab/app:${tag}`],
  ]);
  return Date.now();
}

async function waitForVerdict({ instance }: Lab, tag: string): Promise<Arrival> {
  for (;;) {
    const { items } = await instance.client.call(arrivals.list, { query: { tag, limit: 1 } });
    const [found] = items;
    if (found === undefined) await pause(20);
    else if (found.settledAt !== null) return found;
    else {
      const query = { waitSeconds: 30 };
      await instance.client.call(arrivals.show, { params: { id: found.id }, query });
    }
  }
}

interface Cost {
  readonly wallMs: number;
  /** Of the server with its database, or of the command. */
  readonly cpuMs: number;
}

/** From the end of the push to the verdict. */
async function measureVerdict(lab: Lab, image: BenchImage, tag: string): Promise<Cost> {
  const { pid = 0 } = lab.instance.process;
  const before = await readTreeCpu(pid);
  const pushedAt = await push(lab, image, tag);
  const { settledAt, state, problem } = await waitForVerdict(lab, tag);
  if (state !== 'inspected') throw new Error(`${tag}: ${state} ${problem?.detail ?? ''}`);
  const cpuMs = (await readTreeCpu(pid)) - before;
  return { wallMs: Date.parse(settledAt ?? '') - pushedAt, cpuMs };
}

/** The same image by the command line, with the scanner of the server, without a cache. */
function measureInspect({ host }: Lab, tag: string): Promise<Cost> {
  return measure([
    ...[process.execPath, program, 'inspect', `${host}/lab/app:${tag}`],
    ...['--plain-http', host, '--scanners', 'secrets', '--no-cache', '--output', 'json'],
    ...['--fail-on', 'never'],
  ]);
}

function medianOf(costs: readonly Cost[]): Cost {
  const wallMs = middle(costs.map((one) => one.wallMs));
  return { wallMs, cpuMs: middle(costs.map((one) => one.cpuMs)) };
}

async function compareVerdicts(): Promise<void> {
  const home = join(tmpdir(), 'lazaret-bench-registry');
  await mkdir(home, { recursive: true });
  const files = listUsr();
  const small = await makeImage(home, {
    ...{ name: 'small', compression: 'gzip' },
    layers: share(files, { layers: 2, bytes: 14 * MiB }),
  });
  const layers = share(files, { layers: 5, bytes: 900 * MiB });
  const large = await makeImage(home, { name: 'large', compression: 'gzip', layers });
  const [top = []] = share(files.toReversed(), { layers: 1, bytes: MiB });
  const next = await makeImage(
    home,
    { name: 'next', compression: 'gzip', layers: [...layers.slice(0, -1), top] },
    large,
  );
  const found = await measurePushes({ small, large, next });
  say(
    '| push to verdict | s | CPU s | `lazaret inspect`, cold, s | CPU s | ratio | of CPU | goal |',
  );
  say('|---|--:|--:|--:|--:|--:|--:|--:|');
  for (const [name, image] of Object.entries({ small, large })) {
    const [ours, alone] = [medianOf(found.pushed(name)), medianOf(found.inspected(name))];
    const what = `${Math.round(image.tarBytes / MiB)} MiB of files`;
    const ratios = [ours.wallMs / alone.wallMs, ours.cpuMs / alone.cpuMs];
    const cells = [
      ...[what, ...[ours.wallMs, ours.cpuMs, alone.wallMs, alone.cpuMs].map(seconds)],
      ...[...ratios.map((ratio) => ratio.toFixed(2)), '< 1.50'],
    ];
    say(`| ${cells.join(' | ')} |`);
  }
  const { wallMs, cpuMs } = medianOf(found.pushed('next'));
  const cells = ['all but a layer of 1 MiB is shared', seconds(wallMs), seconds(cpuMs)];
  say(`| ${cells.join(' | ')} | | | | | < 0.50 s |\n`);
}

type Images = Readonly<Record<'small' | 'large' | 'next', BenchImage>>;

/** Each round on a fresh server and registry. */
async function measurePushes({ small, large, next }: Images) {
  const pushed = new Map<string, Cost[]>();
  const inspected = new Map<string, Cost[]>();
  const add = (costs: Map<string, Cost[]>, name: string, cost: Cost): void => {
    costs.set(name, [...(costs.get(name) ?? []), cost]);
  };
  for (let round = 0; round < rounds; round += 1) {
    const lab = await startLab();
    try {
      for (const [name, image] of Object.entries({ small, large })) {
        add(pushed, name, await measureVerdict(lab, image, name));
        add(inspected, name, await measureInspect(lab, name));
      }
      add(pushed, 'next', await measureVerdict(lab, next, 'next'));
    } finally {
      await lab.close();
    }
  }
  return {
    pushed: (name: string) => pushed.get(name) ?? [],
    inspected: (name: string) => inspected.get(name) ?? [],
  };
}

/** Notifications at a fixed rate, each about another tag of an image that the registry has. */
async function measureWebhooks(): Promise<void> {
  const registry = await startFakeRegistry({ now: () => Date.now() });
  const image = await buildApp('bench');
  const instance = await startInstance();
  try {
    const hook = await addHook(instance.client, registry.host);
    const { digest, mediaType } = image.descriptor;
    const send = async (serial: number): Promise<number> => {
      const target = { repository: 'lab/app', tag: `t${serial}`, digest, mediaType };
      const body = JSON.stringify({ events: [{ id: `e${serial}`, action: 'push', target }] });
      const headers = { [hook.header ?? '']: hook.generatedSecret ?? '' };
      const begin = performance.now();
      const response = await fetch(hook.url, { method: 'POST', headers, body });
      if (response.status !== 202) throw new Error(`answered ${response.status}`);
      await response.arrayBuffer();
      return performance.now() - begin;
    };
    for (let serial = 0; serial < 1_000; serial += 1) {
      registry.store.putImage('lab/app', `t${serial}`, image);
    }
    for (let warm = 1_000; warm < 1_020; warm += 1) await send(warm);
    const perSecond = 200;
    const { pid = 0 } = instance.process;
    const before = await readTreeCpu(pid);
    const begin = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, async (_, serial) => {
        await pause(Math.max(0, begin + (serial * 1_000) / perSecond - performance.now()));
        return send(serial);
      }),
    );
    const cpuMs = ((await readTreeCpu(pid)) - before) / answers.length;
    say('| notification at 200 a second | median ms | 95 % ms | CPU ms of each | goal (median) |');
    say('|---|--:|--:|--:|--:|');
    const cells = [middle(answers), middle(answers, 0.95), cpuMs].map((ms) => ms.toFixed(1));
    say(`| until it is answered | ${cells.join(' | ')} | < 10 |\n`);
  } finally {
    await instance.close();
    await registry.close();
  }
}

async function measurePoll(): Promise<void> {
  const registry = await startFakeRegistry({ now: () => Date.now() });
  const image = await buildApp('poll');
  for (let repository = 0; repository < 1_000; repository += 1) {
    for (let tag = 0; tag < 10; tag += 1) {
      registry.store.putImage(`lab/r${repository}`, `${tag}`, image);
    }
  }
  const instance = await startInstance();
  try {
    const { client } = instance;
    await addHook(client, registry.host);
    const params = { name: 'lab' };
    const polled = async (): Promise<{ requests: number; ms: number }> => {
      for (;;) {
        const query = { waitSeconds: 30 };
        const { poll } = await client.call(registries.show, { params, query });
        if (poll.running || poll.completeAt === null) continue;
        const ms = Date.parse(poll.finishedAt ?? '') - Date.parse(poll.startedAt ?? '');
        return { requests: poll.requests, ms };
      }
    };
    await polled();
    await client.call(registries.sync, { params });
    await pause(1_500);
    const { requests, ms } = await polled();
    const bound = 1_000 * 10 + 1_000 + Math.ceil(1_000 / 1_000);
    say(
      '| poll of 1,000 × 10 unchanged tags | requests | bound | ratio | s |\n|---|--:|--:|--:|--:|',
    );
    say(
      `| one request for each tag and page | ${requests} | ${bound} | ` +
        `${(requests / bound).toFixed(3)} | ${seconds(ms)} |\n`,
    );
  } finally {
    await instance.close();
    await registry.close();
  }
}

const [cpu] = cpus();
say('# bench/registry\n');
say(
  `${cpus().length} cores (${cpu?.model.trim() ?? arch()}), ` +
    `${Math.round(totalmem() / 1024 / MiB)} GiB, Linux ${release()}, ` +
    `Node ${process.versions.node}; ${rounds} rounds, medians\n`,
);
if (parts.has('verdict')) await compareVerdicts();
if (parts.has('webhooks')) await measureWebhooks();
if (parts.has('poll')) await measurePoll();
if (parts.size === 3) {
  await writeFile(new URL('RESULTS.md', import.meta.url), `${lines.join('\n')}\n`);
}
