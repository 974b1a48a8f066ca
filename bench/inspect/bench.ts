/**
 * `node bench/inspect/bench.ts [--rounds N] [--parts whole,forms,shapes,malware]`: what it costs to
 * inspect an image, compared with the bound (inflate and SHA-256 alone), the best program of its
 * kind in JavaScript, and what people do by hand for malware. All in one run, in turns, so that a
 * busy machine is busy for all of them.
 */
import { existsSync, realpathSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { arch, cpus, release, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

import { ensurePackages } from '@lazaret/setup';
import { startClamd } from '../../packages/analysis/src/testing/clamd.ts';
import { eicar, eicarSignature } from '../../packages/analysis/src/testing/hostile/malware.ts';
import { listUsr, makeImage, share } from './make-images.ts';
import type { BenchImage, Shape } from './make-images.ts';
import { measure, median } from './measure.ts';
import type { Cost } from './measure.ts';

const run = promisify(execFile);
const MiB = 1024 * 1024;
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    parts: { type: 'string', default: 'whole,forms,shapes,malware' },
  },
});
const parts = new Set(values.parts.split(','));
const rounds = Number(values.rounds);
const home = join(tmpdir(), 'lazaret-bench-inspect');
const program = fileURLToPath(new URL('../../packages/cli/bin/lazaret.mjs', import.meta.url));
const boundProgram = fileURLToPath(new URL('bound.ts', import.meta.url));
const snykVersion = '9.8.0';
const head =
  '| what | wall s | CPU s | peak MiB | MiB/s per core | of the bound (wall) | of the bound (CPU) |\n' +
  '|---|--:|--:|--:|--:|--:|--:|';
const lines: string[] = [];

await mkdir(home, { recursive: true });
const [cpu] = cpus();
say(`# bench/inspect\n`);
say(
  `${cpus().length} cores (${cpu?.model.trim() ?? arch()}), ${Math.round(totalmem() / 1024 / MiB)} GiB, ` +
    `Linux ${release()}, Node ${process.versions.node}; ${rounds} rounds, medians\n`,
);
const files = listUsr();
const whole = share(files, { layers: 4, bytes: 900 * MiB });
const big = await image({ name: 'big', compression: 'gzip', layers: whole });
await ensurePackages(['clamav-daemon', 'clamdscan', 'zstd'], { log: say });
if (parts.has('whole')) await compareBig(big);
if (parts.has('forms')) await compareForms();
if (parts.has('shapes')) await compareShapes();
if (parts.has('malware')) await compareMalware(big);
if (parts.size === 4)
  await writeFile(new URL('RESULTS.md', import.meta.url), `${lines.join('\n')}\n`);

function say(line: string): void {
  lines.push(line);
  process.stdout.write(`${line}\n`);
}

async function image(shape: Shape, above?: BenchImage): Promise<BenchImage> {
  return makeImage(home, shape, above);
}

function inspecting(path: string, ...more: string[]): string[] {
  const words = ['--scanners', 'none', '--output', 'json', '--fail-on', 'never', ...more];
  const cache = more.includes('--cache-dir') ? [] : ['--no-cache'];
  return [process.execPath, program, 'inspect', path, ...words, ...cache];
}

/** Each command in turn, round by round; the middle of each. */
async function inTurns<K extends string>(
  commands: Readonly<Record<K, () => Promise<Cost>>>,
): Promise<Record<K, Cost>> {
  const costs = new Map<string, Cost[]>();
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, once] of Object.entries<() => Promise<Cost>>(commands)) {
      costs.set(name, [...(costs.get(name) ?? []), await once()]);
    }
  }
  return Object.fromEntries([...costs].map(([name, all]) => [name, median(all)])) as Record<
    K,
    Cost
  >;
}

function row(name: string, cost: Cost, against: { bytes: number; bound?: Cost }): string {
  const { wallMs, cpuMs, peakMiB } = cost;
  const perCore = against.bytes / MiB / (cpuMs / 1000);
  const wall = against.bound === undefined ? '' : percent(against.bound.wallMs / wallMs);
  const cpuShare = against.bound === undefined ? '' : percent(against.bound.cpuMs / cpuMs);
  const seconds = (ms: number): string => (ms / 1000).toFixed(2);
  return `| ${name} | ${seconds(wallMs)} | ${seconds(cpuMs)} | ${peakMiB.toFixed(0)} | ${perCore.toFixed(0)} | ${wall} | ${cpuShare} |`;
}

function percent(value: number): string {
  return `${(value * 100).toFixed(0)} %`;
}

async function compareBig(first: BenchImage): Promise<void> {
  const { layout, layers, tarBytes } = first;
  const next: Shape = {
    ...{ name: 'big-changed', compression: 'gzip' },
    layers: [...whole, share(files.toReversed(), { layers: 1, bytes: 10 * MiB })[0] ?? []],
  };
  const changed = await image(next, first);
  const cache = await mkdtemp(join(home, 'cache-'));
  const warm = await mkdtemp(join(home, 'cache-'));
  const peers = await openPeers(layout);
  const costs = await inTurns({
    bound: () => measure([process.execPath, boundProgram, ...layers]),
    'the same with all digests': () =>
      measure([process.execPath, boundProgram, '--all-digests', ...layers]),
    lazaret: () => measure(inspecting(layout)),
    ...withoutLibrary(layout),
    ...peers,
    'lazaret, keeping results': async () => {
      await rm(cache, { recursive: true, force: true });
      return measure(inspecting(layout, '--cache-dir', cache));
    },
    'lazaret, again': () => measure(inspecting(layout, '--cache-dir', cache)),
    'lazaret, one layer of 10 MiB changed': async () => {
      await rm(warm, { recursive: true, force: true });
      await measure(inspecting(layout, '--cache-dir', warm));
      return measure(inspecting(changed.layout, '--cache-dir', warm));
    },
  });
  const { bound } = costs;
  say(
    `## ${(tarBytes / MiB).toFixed(0)} MiB in 4 gzip layers: packages and digests of every file\n`,
  );
  say(head);
  for (const [name, cost] of Object.entries(costs))
    say(row(name, cost, { bytes: tarBytes, bound }));
  say('');
  await rm(cache, { recursive: true, force: true });
  await rm(warm, { recursive: true, force: true });
}

/** As on a machine without ISA-L, whose file is hidden from the program alone; needs root. */
function withoutLibrary(layout: string): Record<string, () => Promise<Cost>> {
  const library = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64']
    .map((place) => join(place, 'libisal.so.2'))
    .find((path) => existsSync(path));
  if (library === undefined || process.getuid?.() !== 0) return {};
  const script = 'mount --bind /dev/null "$0" && exec "$@"';
  const hidden = ['unshare', '--mount', 'bash', '-c', script, realpathSync(library)];
  return { 'lazaret, zlib only': () => measure([...hidden, ...inspecting(layout)]) };
}

/** Available peers: one from the package registry, others by their paths. */
async function openPeers(layout: string): Promise<Record<string, () => Promise<Cost>>> {
  const peers: Record<string, () => Promise<Cost>> = {};
  const snyk = await installSnyk();
  if (snyk !== undefined) {
    const archive = join(home, 'big.tar');
    await run('tar', ['-C', layout, '-cf', archive, 'blobs', 'index.json', 'oci-layout']);
    peers['snyk-docker-plugin'] = () => measure([process.execPath, snyk, archive]);
  }
  const { SYFT_BIN: syft, TRIVY_BIN: trivy } = process.env;
  if (syft !== undefined) {
    const environment = { SYFT_CHECK_FOR_APP_UPDATE: 'false' };
    peers['syft'] = () =>
      measure([syft, 'scan', `oci-dir:${layout}`, '-o', 'json'], { environment });
  }
  if (trivy !== undefined) {
    const cache = ['--cache-dir', join(home, 'trivy'), '--cache-backend', 'memory'];
    const offline = ['--offline-scan', '--skip-db-update', '--skip-java-db-update'];
    const words = ['image', '--input', layout, '--format', 'cyclonedx', ...offline, ...cache];
    peers['trivy'] = () => measure([trivy, ...words]);
  }
  return peers;
}

/** Undefined, with a message, if it cannot be installed. */
async function installSnyk(): Promise<string | undefined> {
  const place = join(home, 'snyk');
  const script = join(place, 'scan.cjs');
  try {
    await mkdir(place, { recursive: true });
    await writeFile(join(place, 'package.json'), '{"private":true}');
    const words = [
      'install',
      `snyk-docker-plugin@${snykVersion}`,
      '--ignore-scripts',
      '--no-audit',
    ];
    await run('npm', words, { cwd: place });
    await writeFile(
      script,
      "require('snyk-docker-plugin').scan({path: 'oci-archive:' + process.argv[2]})" +
        '.then((r) => console.log(JSON.stringify(r).length))',
    );
    return script;
  } catch {
    say(`snyk-docker-plugin ${snykVersion} could not be installed and is not compared\n`);
    return undefined;
  }
}

async function compareForms(): Promise<void> {
  say('## The same, stored otherwise\n');
  say(head);
  for (const compression of ['zstd', 'none'] as const) {
    const { layout, layers, tarBytes } = await image({ name: 'big', compression, layers: whole });
    const costs = await inTurns({
      bound: () => measure([process.execPath, boundProgram, ...layers]),
      lazaret: () => measure(inspecting(layout)),
    });
    const against = { bytes: tarBytes, bound: costs.bound };
    say(row(`${compression}: bound`, costs.bound, against));
    say(row(`${compression}: lazaret`, costs.lazaret, against));
  }
  say('');
}

async function compareShapes(): Promise<void> {
  const small = files.filter(({ sizeBytes }) => sizeBytes > 0 && sizeBytes < 4_096);
  const shapes: Shape[] = [
    { name: 'few fat', layers: share(files, { layers: 3, bytes: 249 * MiB }) },
    { name: 'many thin', layers: share(files, { layers: 31, bytes: 26 * MiB }) },
    { name: 'many files', layers: share(small, { layers: 4, bytes: 1e12, count: 51_789 }) },
    { name: 'link heavy', layers: share(files, { layers: 4, bytes: 40 * MiB }), links: 10_000 },
    { name: 'realistic', layers: share(files, { layers: 11, bytes: 591 * MiB, count: 15_506 }) },
  ].map((shape) => ({ ...shape, compression: 'gzip' }));
  say('## The five shapes of stereoscope#681, gzip\n');
  say(head);
  for (const shape of shapes) {
    const { layout, layers, tarBytes } = await image(shape);
    const costs = await inTurns({
      bound: () => measure([process.execPath, boundProgram, ...layers]),
      lazaret: () => measure(inspecting(layout)),
    });
    const against = { bytes: tarBytes, bound: costs.bound };
    const count = shape.layers.reduce((sum, { length }) => sum + length + (shape.links ?? 0), 0);
    say(row(`${shape.name}, ${count} entries: bound`, costs.bound, against));
    say(row(`${shape.name}: lazaret`, costs.lazaret, against));
  }
  say('');
}

async function compareMalware({ layout, layers, tarBytes }: BenchImage): Promise<void> {
  const clamd = await startClamd({
    // Without it the daemon would count as unhealthy, so nothing would be cached.
    database: { number: 1, atMs: Date.now(), signatures: { [eicarSignature]: eicar } },
  });
  const cache = await mkdtemp(join(home, 'cache-'));
  const scanning = (): Promise<Cost> =>
    measure([
      ...[process.execPath, program, 'inspect', layout, '--scanners', 'clamav'],
      ...['--clamd', clamd.socketPath, '--output', 'json', '--fail-on', 'never'],
      ...['--cache-dir', cache],
    ]);
  const unpack = layers.map((path) => `tar -xzf ${path} -C "$1"`).join(' && ');
  const script = `rm -rf "$1" && mkdir "$1" && ${unpack} && clamdscan -c "$2" --multiscan --fdpass --quiet "$1"; code=$?; rm -rf "$1"; exit $code`;
  try {
    const costs = await inTurns({
      'unpack, clamdscan': () =>
        measure(
          [
            'bash',
            '-c',
            script,
            'scan',
            join(home, 'root'),
            join(dirname(clamd.socketPath), 'conf'),
          ],
          {
            codes: [0, 1, 2],
          },
        ),
      'lazaret, clamd, nothing kept': async () => {
        await rm(cache, { recursive: true, force: true });
        return scanning();
      },
      'lazaret, clamd, again': scanning,
    });
    say('## Malware: the same clamd with a small test database (its own CPU not counted)\n');
    say(head);
    for (const [name, cost] of Object.entries(costs)) say(row(name, cost, { bytes: tarBytes }));
  } finally {
    await clamd.stop();
    await rm(cache, { recursive: true, force: true });
  }
}
