/**
 * Builds engines/<name> into the image lazaret/engine-<name>:latest.
 *
 * The directory of an engine has a Dockerfile that starts with `ARG BASE`, and packages.txt: the
 * distribution packages that it needs, one per line; `# ` starts a comment, and `-name` names a
 * package that it can do without although another one depends on it. Where there is apt-get, the
 * base is made of those packages first and the build needs no network; elsewhere, or with
 * `--base debian:12`, the Dockerfile installs them on the given public image.
 *
 * Unchanged engines are skipped: a label keeps a hash over the base and all files of the build.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

import { hasApt } from './apt-packages.mjs';
import { buildBase, type BuiltImage } from './base-image.ts';
import { findImage, sendTar, type Log } from './local-engine.ts';
import { packFiles, type PackedFile } from './pack-files.ts';

const enginesDirectory = fileURLToPath(new URL('../../../engines', import.meta.url));
const contextLabel = 'lazaret.context';
const publicBase = 'debian:12';
const filesMax = 1000;
const leftOut = /^(?:manifest\.yaml|README\.md)$|\.test\.ts$/;

export interface BuildEnginesOptions {
  /** Path of the engine's unix socket. */
  readonly socket: string;
  /** A public image to build on instead of a base of Debian packages. */
  readonly base?: string | undefined;
  /** Also builds unchanged ones, with the current packages. */
  readonly fresh?: boolean;
  readonly log?: Log;
}

export interface BuiltEngine extends BuiltImage {
  readonly name: string;
}

/**
 * Builds engines one after the other: names of directories in engines/ or paths of directories; all
 * engines by default.
 */
export async function buildEngines(
  names: readonly string[],
  options: BuildEnginesOptions,
): Promise<BuiltEngine[]> {
  const built: BuiltEngine[] = [];
  for (const name of names.length > 0 ? names : listEngines()) {
    built.push(await buildEngine(name, options));
  }
  return built;
}

/** The names of all engines of this repository. */
export function listEngines(): string[] {
  return readdirSync(enginesDirectory).filter((name) =>
    existsSync(join(enginesDirectory, name, 'Dockerfile')),
  );
}

async function buildEngine(
  nameOrDirectory: string,
  options: BuildEnginesOptions,
): Promise<BuiltEngine> {
  const { socket, fresh = false, log = () => {} } = options;
  const directory = nameOrDirectory.includes('/')
    ? resolve(nameOrDirectory)
    : join(enginesDirectory, nameOrDirectory);
  const name = basename(directory);
  if (!existsSync(join(directory, 'Dockerfile'))) {
    throw new Error(`${directory} has no Dockerfile. Engines here: ${listEngines().join(', ')}`);
  }
  const base = await chooseBase(directory, { ...options, fresh, log });
  const files = readContext(directory);
  const context = hashContext({ base: base.id ?? base.image, files });
  const image = `lazaret/engine-${name}:latest`;
  const present = await findImage(socket, image);
  if (!fresh && present?.labels[contextLabel] === context) {
    return { name, image, built: false, ...present };
  }
  log(`Building ${image} on ${base.image}`);
  const query = {
    t: image,
    rm: '1',
    forcerm: '1',
    buildargs: JSON.stringify({ BASE: base.image }),
    labels: JSON.stringify({ [contextLabel]: context }),
    // A base that is built here contains everything.
    ...(base.id === undefined ? {} : { networkmode: 'none' }),
  };
  await sendTar(socket, { path: '/build', query, body: Readable.from([packFiles(files)]) });
  const made = await findImage(socket, image);
  if (made === undefined) throw new Error(`the engine built ${image} but does not list it`);
  return { name, image, built: true, ...made };
}

interface Base {
  readonly image: string;
  /** Known for a base that is built here, not for a public image. */
  readonly id?: string;
}

/** The base of one engine: the requested image, one built from its packages, or a public one. */
async function chooseBase(directory: string, options: BuildEnginesOptions): Promise<Base> {
  if (options.base !== undefined) return { image: options.base };
  if (!hasApt()) return { image: publicBase };
  const { packages, without } = readPackages(join(directory, 'packages.txt'));
  const name =
    packages.length === 0 ? 'lazaret/base-busybox' : `lazaret/base-${basename(directory)}`;
  return buildBase({ ...options, name, packages, without });
}

interface Packages {
  readonly packages: string[];
  readonly without: string[];
}

function readPackages(file: string): Packages {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  const words = lines.map((line) => line.replace(/#.*/, '').trim()).filter((line) => line !== '');
  return {
    packages: words.filter((word) => !word.startsWith('-')),
    without: words.filter((word) => word.startsWith('-')).map((word) => word.slice(1)),
  };
}

/** The files of the build, sorted by name. */
function readContext(directory: string): PackedFile[] {
  const paths = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !leftOut.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  if (paths.length > filesMax) throw new Error(`${directory} has more than ${filesMax} files`);
  return paths.map((path) => ({
    name: relative(directory, path),
    executable: (statSync(path).mode & 0o100) !== 0,
    bytes: readFileSync(path),
  }));
}

function hashContext(context: {
  readonly base: string;
  readonly files: readonly PackedFile[];
}): string {
  const { base, files } = context;
  const hash = createHash('sha256').update(`${base}\n`);
  for (const { name, executable, bytes } of files) {
    hash.update(JSON.stringify([name, executable, bytes.length])).update(bytes);
  }
  return hash.digest('hex');
}
