/**
 * Base images made of the distribution's own packages, for machines that reach no image registry.
 *
 * A base is unpacked, not installed: the packages' files are laid out, no package's script runs,
 * documentation and set-user-id bits are dropped, and busybox supplies the shell and the small
 * tools. It takes seconds, needs no root, follows the system's own apt sources, proxies and
 * certificates, and suits programs that need no set-up, which is what an engine is.
 *
 * Rejected: mmdebstrap. It must be installed first, wants root or user namespaces, takes three
 * times as long for what an engine does not use, and ignores the system's apt settings (a proxy,
 * a company's certificate) unless they are copied into the image.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { arch, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasApt, run, unpackPackages } from './apt-packages.mjs';
import { ensureDocker } from './docker.mjs';
import { callEngine, findImage, sendTar } from './engine-api.mjs';

const RECIPE_LABEL = 'lazaret.recipe';
const RECIPE_FORMAT = 1; // raise it when the same packages would give a different image
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const ACCOUNTS = [
  ['root', 0],
  ['lazaret', 65532], // what engines run as by default
  ['nobody', 65534],
];

/** The base with nothing but busybox. */
export const BUSYBOX_BASE = { name: 'lazaret/base-busybox', packages: [] };

/**
 * Makes a base image unless the engine has it already from the same recipe.
 *
 * @param {{ name: string, packages: string[], without?: string[], fresh?: boolean,
 *   socket: string, log?: (line: string) => void }} options `without`: packages to
 *   leave out although others depend on them; `fresh`: make it in any case (newer packages)
 * @returns {Promise<{ image: string, id: string, built: boolean, sizeBytes: number }>}
 * @throws {Error} on a system without apt-get, and when fetching, unpacking or importing fails
 */
export async function buildBase(options) {
  const { name, packages, without = [], fresh = false } = options;
  const { socket, log = () => {} } = options;
  const image = `${name}:latest`;
  const recipe = hashRecipe({ packages, without });
  const present = await findImage(socket, image);
  if (!fresh && present?.labels[RECIPE_LABEL] === recipe)
    return { image, built: false, ...present };
  if (!hasApt()) {
    throw new Error(`${image} is made of Debian packages, and this system has no apt-get. Build on a
public base instead: node tools/build-engines.mjs --base debian:12`);
  }
  const scratch = mkdtempSync(join(tmpdir(), 'lazaret-base-'));
  try {
    const root = await unpackTree({ packages, without, scratch, log });
    const query = new URLSearchParams({ fromSrc: '-', repo: name, tag: 'latest' });
    query.append('changes', `ENV PATH=${PATH}`);
    query.append('changes', `LABEL ${RECIPE_LABEL}=${recipe}`);
    query.append('changes', 'CMD ["/bin/sh"]');
    log(`Handing ${image} to the engine`);
    const { tar, packed } = packTree(root);
    await Promise.all([sendTar(socket, { path: `/images/create?${query}`, body: tar }), packed]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const made = await findImage(socket, image);
  if (made === undefined) throw new Error(`The engine took ${image} but does not list it.`);
  // the one before lost its name; the engine refuses where something is still built on it
  if (present !== undefined) {
    await callEngine(socket, { method: 'DELETE', path: `/images/${present.id}` });
  }
  return { image, built: true, ...made };
}

function hashRecipe(recipe) {
  const facts = { ...recipe, format: RECIPE_FORMAT, architecture: arch() };
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex');
}

async function unpackTree({ packages, without, scratch, log }) {
  const root = join(scratch, 'root');
  const downloads = join(scratch, 'downloads');
  mkdirSync(root);
  mkdirSync(downloads);
  await unpackPackages({
    packages: ['busybox-static', ...packages],
    without,
    directory: root,
    scratch: downloads,
    log,
  });
  rmSync(downloads, { recursive: true, force: true });
  await furnish(root);
  return root;
}

/** The tree as a tar: the same owners, order and times whoever makes it, and no set-user-id. */
function packTree(root) {
  const same = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];
  const flags = ['-C', root, ...same, '--mode=u+rwX,go+rX,a-s', '-c', '.'];
  const packing = spawn('tar', flags, { stdio: ['ignore', 'pipe', 'inherit'] });
  const packed = new Promise((resolve, reject) => {
    packing.on('error', reject);
    packing.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`tar ended with ${code}.`));
    });
  });
  return { tar: packing.stdout, packed };
}

/** Adds what package scripts would have: the shell, accounts, empty mount points. */
async function furnish(root) {
  const busybox = join(root, 'usr/bin/busybox');
  for (const applet of (await run(busybox, ['--list'])).trim().split('\n')) {
    const places = ['bin', 'sbin'].map((place) => join(root, 'usr', place, applet));
    if (places.some(isThere)) continue;
    symlinkSync('/usr/bin/busybox', places[0]);
  }
  for (const place of ['dev', 'etc', 'proc', 'run', 'sys', 'tmp', 'in', 'out']) {
    mkdirSync(join(root, place), { recursive: true });
  }
  chmodSync(join(root, 'tmp'), 0o1777);
  const lines = (form) => ACCOUNTS.map(([name, id]) => form(name, id)).join('');
  const passwd = lines((name, id) => `${name}:x:${id}:${id}::/:/bin/false\n`);
  writeFileSync(join(root, 'etc/passwd'), passwd);
  writeFileSync(
    join(root, 'etc/group'),
    lines((name, id) => `${name}:x:${id}:\n`),
  );
  writeFileSync(join(root, 'etc/nsswitch.conf'), 'passwd: files\ngroup: files\nhosts: files dns\n');
}

function isThere(path) {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

async function main() {
  const { docker, log } = await readyDocker();
  const made = await buildBase({ ...BUSYBOX_BASE, socket: docker.socket, log });
  log(`${made.image} ${made.built ? 'made' : 'is there'}, ${Math.round(made.sizeBytes / 1e6)} MB`);
}

async function readyDocker() {
  const log = (line) => process.stderr.write(`${line}\n`);
  const docker = await ensureDocker({ log });
  if (docker.state === 'missing') throw new Error(docker.advice);
  return { docker, log };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
