/**
 * Pulls through the gate against direct ones, in one run: Debian's docker-registry on the loopback,
 * a whole server with the gate in front of it, and three clients, the two ways in turn. `raw` only
 * counts bytes, as no real client does; `verified` computes the SHA-256 that every client does;
 * `skopeo` pulls a whole image to a directory. The processor time of the registry and of the
 * process with the gate is measured in the same rounds: it depends less on the load than the speed.
 * What the server needs without pulls (queues, polls) is subtracted.
 *
 *   node bench/registry/gate/bench.ts [--mib 256] [--rounds 5]
 *
 * Writes RESULTS.md next to it.
 */
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';

import { operations } from '@lazaret/protocol';

import { buildImage } from '../../../packages/analysis/src/testing/image-builder.ts';
import { startDebianRegistry } from '../../../packages/oci/src/testing/debian-registry.ts';
import { pushImage } from '../../../packages/oci/src/testing/push-image.ts';
import { startInstance } from '../../../test/support/instance.ts';

const run = promisify(execFile);
const mib = 1_024 ** 2;
const { values } = parseArgs({
  options: {
    mib: { type: 'string', default: '256' },
    rounds: { type: 'string', default: '5' },
  },
});
const sizeMib = Number(values.mib);
const rounds = Number(values.rounds);

interface Way {
  readonly name: 'direct' | 'gate';
  /** `127.0.0.1:5000` */
  readonly address: string;
}

interface Client {
  readonly name: string;
  readonly pull: (way: Way) => Promise<void>;
}

const place = await mkdtemp(join(tmpdir(), 'lazaret-bench-gate-'));
const registry = await startDebianRegistry();
const content = Buffer.concat(Array.from({ length: sizeMib }, () => randomBytes(mib)));
const image = await buildImage({
  layers: [{ compression: 'none', entries: [{ path: 'large', content }] }],
});
const layer = image.layers[0]?.digest ?? '';
await pushImage({ origin: `http://${registry.host}`, repository: 'lab/large', tag: '1' }, image);
const watched = {
  ...{ name: 'lab', address: registry.host, plainHttp: true, credentials: 'none' },
  ...{ repositories: ['none/*'], pollInterval: '1d' },
};
const instance = await startInstance({
  arguments: [
    ...['--gate-listen', '127.0.0.1:0', '--gate-registry', 'lab', '--gate-anonymous'],
    // The speed of transfers is measured, not that of inspections.
    ...['--gate-wait', '0', '--gate-undecided', 'allow', '--roles', 'api,watcher,gate'],
    ...['--registries', JSON.stringify([watched])],
  ],
});
try {
  const ways: Way[] = [
    { name: 'direct', address: registry.host },
    { name: 'gate', address: await findGate() },
  ];
  for (const { address } of ways) {
    const headers = { accept: 'application/vnd.oci.image.manifest.v1+json' };
    const answer = await fetch(`http://${address}/v2/lab/large/manifests/1`, { headers });
    if (!answer.ok) throw new Error(`${address} answers ${answer.status}: ${await answer.text()}`);
  }
  const rows: string[] = [];
  const pids = { registry: registry.pid, gate: instance.process.pid ?? 0 };
  const load = loadavg()[0] ?? 0;
  const idleCpu = await measureIdle(pids.gate);
  for (const client of clients()) rows.push(await measure(client, { ways, pids, idleCpu }));
  const text = report(rows, load);
  process.stdout.write(text);
  await writeFile(new URL('RESULTS.md', import.meta.url), text);
} finally {
  await instance.close();
  await registry.close();
  await rm(place, { recursive: true, force: true });
}

async function findGate(): Promise<string> {
  for (;;) {
    const { items } = await instance.client.call(operations.gates.list, {});
    const [gate] = items;
    if (gate !== undefined) return gate.address;
  }
}

function clients(): Client[] {
  const blob = (way: Way, onData?: (chunk: Buffer) => void): Promise<number> =>
    new Promise((resolve, reject) => {
      const path = `http://${way.address}/v2/lab/large/blobs/${layer}`;
      get(path, (answer) => {
        let size = 0;
        answer.on('data', (chunk: Buffer) => {
          size += chunk.length;
          onData?.(chunk);
        });
        answer.on('end', () => resolve(size));
        answer.on('error', reject);
      }).on('error', reject);
    });
  return [
    {
      name: 'raw (curl)',
      pull: async (way) => {
        await run('curl', [
          '-sf',
          '-o',
          '/dev/null',
          `http://${way.address}/v2/lab/large/blobs/${layer}`,
        ]);
      },
    },
    {
      name: 'verified (SHA-256)',
      pull: async (way) => {
        const hash = createHash('sha256');
        await blob(way, (chunk) => hash.update(chunk));
        if (`sha256:${hash.digest('hex')}` !== layer) throw new Error('the digest differs');
      },
    },
    {
      name: 'skopeo copy',
      pull: async (way) => {
        const target = join(place, way.name);
        await run('skopeo', [
          ...['copy', '--quiet', '--src-tls-verify=false'],
          ...[`docker://${way.address}/lab/large:1`, `dir:${target}`],
        ]);
        await rm(target, { recursive: true, force: true });
      },
    },
  ];
}

interface Round {
  readonly seconds: number;
  readonly registryCpu: number;
  readonly gateCpu: number;
}

interface Measured {
  readonly ways: readonly Way[];
  readonly pids: { readonly registry: number; readonly gate: number };
  /** Processor time of the server in each second without pulls. */
  readonly idleCpu: number;
}

/** The two ways alternate, so that both see the same machine; the fastest round of each counts. */
async function measure(client: Client, { ways, pids, idleCpu }: Measured): Promise<string> {
  const all = new Map<Way['name'], Round[]>(ways.map(({ name }) => [name, []]));
  for (const way of ways) await client.pull(way);
  for (let round = 0; round < rounds; round += 1) {
    for (const way of round % 2 === 0 ? ways : ways.toReversed()) {
      const before = { registry: cpuOf(pids.registry), gate: cpuOf(pids.gate) };
      const started = performance.now();
      await client.pull(way);
      all.get(way.name)?.push({
        seconds: (performance.now() - started) / 1_000,
        registryCpu: cpuOf(pids.registry) - before.registry,
        gateCpu: cpuOf(pids.gate) - before.gate,
      });
    }
  }
  const direct = all.get('direct') ?? [];
  const gate = all.get('gate') ?? [];
  const speed = (found: readonly Round[], pick: (seconds: number[]) => number): number =>
    sizeMib / pick(found.map(({ seconds }) => seconds));
  const best = (seconds: number[]): number => Math.min(...seconds);
  const perGib = (figures: readonly number[]): string =>
    (((figures.reduce((sum, one) => sum + one, 0) / rounds) * 1_024) / sizeMib).toFixed(2);
  const figures = [
    ...[speed(direct, best).toFixed(0), speed(gate, best).toFixed(0)],
    percent(speed(gate, best) / speed(direct, best)),
    percent(speed(gate, median) / speed(direct, median)),
    perGib(direct.map(({ registryCpu }) => registryCpu)),
    perGib(gate.map(({ registryCpu }) => registryCpu)),
    perGib(gate.map(({ gateCpu, seconds }) => gateCpu - seconds * idleCpu)),
  ];
  return `| ${client.name} | ${figures.join(' | ')} |`;
}

async function measureIdle(pid: number): Promise<number> {
  const seconds = 10;
  // What happens after the start is not what happens later.
  await sleep(seconds * 1_000);
  const before = cpuOf(pid);
  await sleep(seconds * 1_000);
  return (cpuOf(pid) - before) / seconds;
}

/** Seconds of processor time of a process so far, from `/proc`; its resolution is 10 ms. */
function cpuOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function median(all: number[]): number {
  return all.toSorted((a, b) => a - b)[all.length >> 1] ?? 0;
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(0)} %`;
}

function report(rows: readonly string[], load: number): string {
  const [cpu] = cpus();
  const machine = `${cpus().length} cores (${cpu?.model ?? 'unknown'})`;
  const memory = `${(totalmem() / 1_024 ** 3).toFixed(0)} GiB`;
  return [
    '# bench/registry/gate',
    '',
    `${machine}, ${memory}, Linux ${release()}, Node ${process.versions.node}; one layer of ` +
      `${sizeMib} MiB over the loopback, ${rounds} rounds of each way in turn, while ` +
      `${load.toFixed(0)} processes wanted to run`,
    '',
    '| client | direct MiB/s | through the gate MiB/s | best rounds | medians | CPU s/GiB: registry, direct | registry, through the gate | gate |',
    '|---|--:|--:|--:|--:|--:|--:|--:|',
    ...rows,
    '',
  ].join('\n');
}
