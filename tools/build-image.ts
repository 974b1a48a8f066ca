/**
 * Builds the image of Lazaret from this installation: the sources of the packages, the built
 * console, and the part of node_modules that `lazaret serve` needs. Nothing is downloaded in the
 * build, so it needs no network; the base is built from Debian packages unless another is named.
 *
 *   npm run build-image -- [--base IMAGE] [--tag NAME]
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Readable } from 'node:stream';
import { parseArgs } from 'node:util';

import { buildBase, ensureDocker, findImage, hasApt, sendTar, type Log } from '@lazaret/setup';

const root = fileURLToPath(new URL('..', import.meta.url));
const publicBase = 'debian:12-slim';
/** Libraries of Node and PostgreSQL, and the fast inflate library. */
const baseRecipe = {
  name: 'lazaret/base-lazaret',
  packages: ['libc6', 'libstdc++6', 'libatomic1', 'libisal2'],
  without: ['libc-l10n', 'locales'],
};
const packageNames = [
  ...['protocol', 'oci', 'docker', 'setup', 'analysis', 'policy', 'server', 'cli'],
];
const files = [
  'package.json',
  'LICENSE',
  'deploy/probe.mjs',
  'policies/default.yaml',
  'packages/console/dist',
  'packages/console/content-security-policy.json',
];
const leftOut = ['*.test.ts', '*.suite.ts', 'packages/*/src/testing'];

interface BuildImageOptions {
  /** Path of the engine's unix socket. */
  readonly socket: string;
  /** `lazaret/lazaret:latest` without. */
  readonly tag?: string | undefined;
  /** A base image instead of one built from Debian packages. */
  readonly base?: string | undefined;
  readonly log?: Log;
}

interface Made {
  readonly image: string;
  readonly id: string;
  readonly sizeBytes: number;
}

export async function buildImage(options: BuildImageOptions): Promise<Made> {
  const { socket, tag = 'lazaret/lazaret:latest', log = () => {} } = options;
  if (!existsSync(join(root, 'packages/console/dist/index.html'))) {
    throw new Error('The console is not built yet: `npm start` or `npm test` builds it.');
  }
  const base = options.base ?? (await ensureBase({ socket, log }));
  log(`Building ${tag} on ${base}`);
  const query = {
    t: tag,
    dockerfile: 'deploy/Dockerfile',
    rm: '1',
    forcerm: '1',
    buildargs: JSON.stringify({ BASE: base }),
    networkmode: 'none',
  };
  const { tar, packed } = packContext();
  await Promise.all([sendTar(socket, { path: '/build', query, body: tar }), packed]);
  const made = await findImage(socket, tag);
  if (made === undefined) throw new Error(`the engine built ${tag} but does not list it`);
  return { image: tag, id: made.id, sizeBytes: made.sizeBytes };
}

async function ensureBase(options: { socket: string; log: Log }): Promise<string> {
  const { socket, log } = options;
  if (!hasApt()) return publicBase;
  return (await buildBase({ ...baseRecipe, socket, log })).image;
}

function packContext(): { readonly tar: Readable; readonly packed: Promise<void> } {
  const paths = [
    'deploy/Dockerfile',
    ...files,
    ...packageNames.flatMap((name) => [`packages/${name}/package.json`, `packages/${name}/src`]),
    ...listModules(),
  ];
  const same = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];
  const flags = [...same, '--mode=u+rwX,go+rX', ...leftOut.map((name) => `--exclude=${name}`)];
  const packing = spawn('tar', ['-C', root, ...flags, '-c', ...paths], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const packed = new Promise<void>((resolve, reject) => {
    packing.on('error', reject);
    packing.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`tar exited with code ${code}`));
    });
  });
  return { tar: packing.stdout, packed };
}

/** Folders in node_modules that the packages need to run, as the lock file resolves them. */
interface LockedPackage {
  readonly link?: boolean;
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

type LockedPackages = Readonly<Record<string, LockedPackage>>;

function listModules(): string[] {
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const { packages } = JSON.parse(lock) as { packages: LockedPackages };
  const found = new Set<string>();
  const take = (from: string, name: string): void => {
    const place = resolveModule(packages, from, name);
    if (place === undefined || found.has(place)) return;
    found.add(place);
    const { link, resolved } = packages[place] ?? {};
    follow(link === true && resolved !== undefined ? resolved : place);
  };
  const follow = (place: string): void => {
    const {
      dependencies = {},
      optionalDependencies = {},
      peerDependencies = {},
    } = packages[place] ?? {};
    const needed = { ...dependencies, ...optionalDependencies, ...peerDependencies };
    for (const name of Object.keys(needed)) take(place, name);
  };
  take('', 'node');
  for (const name of packageNames) {
    found.add(`node_modules/@lazaret/${name}`);
    follow(`packages/${name}`);
  }
  // Nested folders are included in their parent.
  return [...found].filter((place) => existsSync(join(root, place)) && isOuter(place, found));
}

/**
 * Like the resolution of Node: in the same folder, then in each parent. Packages of other platforms
 * are not installed.
 */
function resolveModule(packages: LockedPackages, from: string, name: string): string | undefined {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const place = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
    if (packages[place] !== undefined && existsSync(join(root, place))) return place;
    if (at === '') return undefined;
  }
}

function isOuter(place: string, all: ReadonlySet<string>): boolean {
  return ![...all].some((other) => place !== other && place.startsWith(`${other}/`));
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { base: { type: 'string' }, tag: { type: 'string' } } });
  const log = (line: string): void => void process.stderr.write(`${line}\n`);
  const { socket, advice } = await ensureDocker({ log });
  if (socket === undefined) throw new Error(advice);
  const made = await buildImage({ ...values, socket, log });
  log(`${made.image}, ${Math.round(made.sizeBytes / 1e6)} MB`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
