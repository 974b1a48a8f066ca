/**
 * Base images built from packages of the distribution, for machines without access to an image
 * registry.
 *
 * A base is unpacked, not installed: files of packages are extracted without running package
 * scripts, documentation and set-user-id bits are dropped, and busybox supplies the shell and the
 * small tools. It takes seconds, needs no root, follows the system's own apt sources, proxies and
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
import type { Readable } from 'node:stream';

import { hasApt, run, unpackPackages } from './apt-packages.mjs';
import { findImage, removeImage, sendTar, type LocalImage, type Log } from './local-engine.ts';

const recipeLabel = 'lazaret.recipe';
const recipeFormat = 1; // increase it when the same packages would result in a different image
const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const accounts: readonly (readonly [string, number])[] = [
  ['root', 0],
  ['lazaret', 65532], // the default user of engines
  ['nobody', 65534],
];

export interface BaseRecipe {
  readonly name: string;
  /** Debian packages besides busybox. */
  readonly packages: readonly string[];
  /** Packages to omit although others depend on them. */
  readonly without?: readonly string[];
}

export interface BuildBaseOptions extends BaseRecipe {
  /** Always builds it, with the current packages. */
  readonly fresh?: boolean;
  /** Path of the engine's unix socket. */
  readonly socket: string;
  readonly log?: Log;
}

export interface BuiltImage extends LocalImage {
  readonly image: string;
  /** False: it already existed. */
  readonly built: boolean;
}

/** The base with only busybox. */
export const busyboxBase: BaseRecipe = { name: 'lazaret/base-busybox', packages: [] };

/**
 * Builds a base image unless the engine already has it from the same recipe. Throws on a system
 * without apt-get, and when downloading, unpacking or importing fails.
 */
export async function buildBase(options: BuildBaseOptions): Promise<BuiltImage> {
  const { name, packages, without = [], fresh = false } = options;
  const { socket, log = () => {} } = options;
  const image = `${name}:latest`;
  const recipe = hashRecipe({ packages, without });
  const present = await findImage(socket, image);
  if (!fresh && present?.labels[recipeLabel] === recipe) return { image, built: false, ...present };
  if (!hasApt()) {
    throw new Error(`${image} is built from Debian packages, and this system has no apt-get. Build on a
public base instead: npm run build-engines -- --base debian:12`);
  }
  const scratch = mkdtempSync(join(tmpdir(), 'lazaret-base-'));
  try {
    const root = await unpackTree({ packages, without, scratch, log });
    log(`Importing ${image}`);
    const { tar, packed } = packTree(root);
    const query = { fromSrc: '-', repo: name, tag: 'latest' };
    const changes = [
      `ENV PATH=${searchPath}`,
      `LABEL ${recipeLabel}=${recipe}`,
      'CMD ["/bin/sh"]',
    ].join('\n');
    const request = { path: '/images/create', query: { ...query, changes }, body: tar } as const;
    await Promise.all([sendTar(socket, request), packed]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const made = await findImage(socket, image);
  if (made === undefined) throw new Error(`the engine imported ${image} but does not list it`);
  // The previous image lost its tag; it is kept if another image is still based on it.
  if (present !== undefined && present.id !== made.id) await removeImage(socket, present.id);
  return { image, built: true, ...made };
}

function hashRecipe(recipe: Pick<BaseRecipe, 'packages' | 'without'>): string {
  const facts = { ...recipe, format: recipeFormat, architecture: arch() };
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex');
}

interface Unpacking {
  readonly packages: readonly string[];
  readonly without: readonly string[];
  readonly scratch: string;
  readonly log: Log;
}

async function unpackTree({ packages, without, scratch, log }: Unpacking): Promise<string> {
  const root = join(scratch, 'root');
  const downloads = join(scratch, 'downloads');
  mkdirSync(root);
  mkdirSync(downloads);
  await unpackPackages({
    packages: ['busybox-static', ...packages],
    without: [...without],
    directory: root,
    scratch: downloads,
    log,
  });
  rmSync(downloads, { recursive: true, force: true });
  await addSystemFiles(root);
  return root;
}

/** The tree as a reproducible tar: fixed owners, order and times, and no set-user-id. */
function packTree(root: string): { readonly tar: Readable; readonly packed: Promise<void> } {
  const same = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];
  const flags = ['-C', root, ...same, '--mode=u+rwX,go+rX,a-s', '-c', '.'];
  const packing = spawn('tar', flags, { stdio: ['ignore', 'pipe', 'inherit'] });
  const packed = new Promise<void>((resolve, reject) => {
    packing.on('error', reject);
    packing.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`tar exited with code ${code}`));
    });
  });
  return { tar: packing.stdout, packed };
}

/** Adds files that package scripts would create: the shell, accounts, empty mount points. */
async function addSystemFiles(root: string): Promise<void> {
  const busybox = join(root, 'usr/bin/busybox');
  for (const applet of (await run(busybox, ['--list'])).trim().split('\n')) {
    const places = ['bin', 'sbin'].map((place) => join(root, 'usr', place, applet));
    if (places.some(isThere)) continue;
    symlinkSync('/usr/bin/busybox', join(root, 'usr/bin', applet));
  }
  for (const place of ['dev', 'etc', 'proc', 'run', 'sys', 'tmp', 'in', 'out']) {
    mkdirSync(join(root, place), { recursive: true });
  }
  chmodSync(join(root, 'tmp'), 0o1777);
  const lines = (form: (name: string, id: number) => string): string =>
    accounts.map(([name, id]) => form(name, id)).join('');
  const passwd = lines((name, id) => `${name}:x:${id}:${id}::/:/bin/false\n`);
  writeFileSync(join(root, 'etc/passwd'), passwd);
  writeFileSync(
    join(root, 'etc/group'),
    lines((name, id) => `${name}:x:${id}:\n`),
  );
  writeFileSync(join(root, 'etc/nsswitch.conf'), 'passwd: files\ngroup: files\nhosts: files dns\n');
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
