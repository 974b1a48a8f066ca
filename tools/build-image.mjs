/**
 * Builds the image of Lazaret from this installation: the packages' sources, the built console, and
 * of node_modules what `lazaret serve` needs. Nothing is fetched in the build, so it needs no
 * network; the base is made of Debian packages unless another is named.
 *
 *   node tools/build-image.mjs [--base IMAGE] [--tag NAME]
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { hasApt } from './apt-packages.mjs';
import { buildBase } from './base-image.mjs';
import { ensureDocker } from './docker.mjs';
import { findImage, sendTar } from './engine-api.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PUBLIC_BASE = 'debian:12-slim';
/** What Node and PostgreSQL are linked against, and what inflates layers fast. */
const BASE = {
  name: 'lazaret/base-lazaret',
  packages: ['libc6', 'libstdc++6', 'libatomic1', 'libisal2'],
  without: ['libc-l10n', 'locales'],
};
const PACKAGES = ['protocol', 'analysis', 'server', 'cli'];
const FILES = [
  'package.json',
  'LICENSE',
  'deploy/probe.mjs',
  'packages/console/dist',
  'packages/console/content-security-policy.json',
];
const NOT_IN_IMAGE = ['*.test.ts', '*.suite.ts', 'packages/*/src/testing'];

/**
 * @param {{ socket: string, tag?: string, base?: string, log?: (line: string) => void }} options
 *   `base`: an image to build on instead of the one made here
 * @returns {Promise<{ image: string, id: string, sizeBytes: number }>}
 */
export async function buildImage(options) {
  const { socket, tag = 'lazaret/lazaret:latest', log = () => {} } = options;
  if (!existsSync(join(ROOT, 'packages/console/dist/index.html'))) {
    throw new Error('The console is not built yet: `npm start` or `npm test` builds it.');
  }
  const base = options.base ?? (await ensureBase({ socket, log }));
  log(`Building ${tag} on ${base}`);
  const query = new URLSearchParams({
    t: tag,
    dockerfile: 'deploy/Dockerfile',
    rm: '1',
    forcerm: '1',
    buildargs: JSON.stringify({ BASE: base }),
    networkmode: 'none',
  });
  const { tar, packed } = packContext();
  await Promise.all([sendTar(socket, { path: `/build?${query}`, body: tar }), packed]);
  const made = await findImage(socket, tag);
  if (made === undefined) throw new Error(`The engine built ${tag} but does not list it.`);
  return { image: tag, id: made.id, sizeBytes: made.sizeBytes };
}

async function ensureBase({ socket, log }) {
  if (!hasApt()) return PUBLIC_BASE;
  return (await buildBase({ ...BASE, socket, log })).image;
}

function packContext() {
  const paths = [
    'deploy/Dockerfile',
    ...FILES,
    ...PACKAGES.flatMap((name) => [`packages/${name}/package.json`, `packages/${name}/src`]),
    ...listModules(),
  ];
  const same = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];
  const flags = [...same, '--mode=u+rwX,go+rX', ...NOT_IN_IMAGE.map((name) => `--exclude=${name}`)];
  const packing = spawn('tar', ['-C', ROOT, ...flags, '-c', ...paths], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const packed = new Promise((resolve, reject) => {
    packing.on('error', reject);
    packing.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`tar ended with ${code}.`));
    });
  });
  return { tar: packing.stdout, packed };
}

/** Folders in node_modules that the packages need to run, as the lock file resolves them. */
function listModules() {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  const found = new Set();
  const take = (from, name) => {
    const place = resolveModule(packages, from, name);
    if (place === undefined || found.has(place)) return;
    found.add(place);
    const { link, resolved } = packages[place];
    follow(link === true ? resolved : place);
  };
  const follow = (place) => {
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = packages[place];
    const needed = { ...dependencies, ...optionalDependencies, ...peerDependencies };
    for (const name of Object.keys(needed)) take(place, name);
  };
  take('', 'node');
  for (const name of PACKAGES) {
    found.add(`node_modules/@lazaret/${name}`);
    follow(`packages/${name}`);
  }
  // Nested folders come with the folder around them.
  return [...found].filter((place) => existsSync(join(ROOT, place)) && isOuter(place, found));
}

/** As Node looks: beside, then in each folder above. Other platforms' packages are not here. */
function resolveModule(packages, from, name) {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const place = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
    if (packages[place] !== undefined && existsSync(join(ROOT, place))) return place;
    if (at === '') return undefined;
  }
}

function isOuter(place, all) {
  return ![...all].some((other) => place !== other && place.startsWith(`${other}/`));
}

async function main() {
  const { values } = parseArgs({ options: { base: { type: 'string' }, tag: { type: 'string' } } });
  const log = (line) => process.stderr.write(`${line}\n`);
  const docker = await ensureDocker({ log });
  if (docker.state === 'missing') throw new Error(docker.advice);
  const made = await buildImage({ ...values, socket: docker.socket, log });
  log(`${made.image}, ${Math.round(made.sizeBytes / 1e6)} MB`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
