/**
 * Builds engines/<name> into the image lazaret/engine-<name>:latest.
 *
 * An engine's directory holds a Dockerfile that starts with `ARG BASE`, and packages.txt: the
 * distribution packages that it needs, one per line; `# ` starts a remark, and `-name` names a
 * package that it can do without although another one depends on it. Where there is apt-get, the
 * base is made of those packages first and the build needs no network; elsewhere, or with
 * `--base debian:12`, the Dockerfile installs them on the given public image.
 *
 * Unchanged engines are skipped: a label keeps a hash over the base and all files of the build.
 *
 *   node tools/build-engines.mjs [--base IMAGE] [--fresh] [name or directory ...]
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { hasApt } from './apt-packages.mjs';
import { buildBase } from './base-image.mjs';
import { ensureDocker } from './docker.mjs';
import { findImage, sendTar } from './engine-api.mjs';
import { packFiles } from './pack-files.mjs';

const ENGINES = fileURLToPath(new URL('../engines', import.meta.url));
const CONTEXT_LABEL = 'lazaret.context';
const PUBLIC_BASE = 'debian:12';
const FILES_MAX = 1000;
const NOT_BUILT_IN = /^(?:manifest\.yaml|README\.md)$|\.test\.ts$/;

/**
 * Builds the engines one after the other.
 *
 * @param {string[]} names of directories in engines/, or paths of directories; none: all engines
 * @param {{ socket: string, base?: string, fresh?: boolean, log?: (line: string) => void }} options
 *   `base`: a public image to build on; `fresh`: also make unchanged ones (newer packages)
 * @returns {Promise<{ name: string, image: string, id: string, built: boolean,
 *   sizeBytes: number }[]>}
 */
export async function buildEngines(names, options) {
  const built = [];
  for (const name of names.length > 0 ? names : listEngines()) {
    built.push(await buildEngine(name, options));
  }
  return built;
}

/** The names of all engines that this repository holds. */
export function listEngines() {
  return readdirSync(ENGINES).filter((name) => existsSync(join(ENGINES, name, 'Dockerfile')));
}

async function buildEngine(nameOrDirectory, options) {
  const { socket, fresh = false, log = () => {} } = options;
  const directory = nameOrDirectory.includes('/')
    ? resolve(nameOrDirectory)
    : join(ENGINES, nameOrDirectory);
  const name = basename(directory);
  if (!existsSync(join(directory, 'Dockerfile'))) {
    throw new Error(`${directory} has no Dockerfile. Engines here: ${listEngines().join(', ')}`);
  }
  const base = options.base ?? (await ensureBase({ name, directory, socket, fresh, log }));
  const files = readContext(directory);
  const context = hashContext({ base: base.id ?? base, files });
  const image = `lazaret/engine-${name}:latest`;
  const present = await findImage(socket, image);
  if (!fresh && present?.labels[CONTEXT_LABEL] === context) {
    return { name, image, built: false, ...present };
  }
  log(`Building ${image} on ${base.image ?? base}`);
  const query = new URLSearchParams({
    t: image,
    rm: '1',
    forcerm: '1',
    buildargs: JSON.stringify({ BASE: base.image ?? base }),
    labels: JSON.stringify({ [CONTEXT_LABEL]: context }),
    ...(base.image === undefined ? {} : { networkmode: 'none' }), // everything is in the base
  });
  await sendTar(socket, { path: `/build?${query}`, body: packFiles(files) });
  const made = await findImage(socket, image);
  if (made === undefined) throw new Error(`The engine built ${image} but does not list it.`);
  return { name, image, built: true, ...made };
}

/** The base of one engine: made here of its packages, or the name of a public image. */
async function ensureBase({ name, directory, socket, fresh, log }) {
  const { packages, without } = readPackages(join(directory, 'packages.txt'));
  if (!hasApt()) return PUBLIC_BASE;
  const base = packages.length === 0 ? 'lazaret/base-busybox' : `lazaret/base-${name}`;
  return buildBase({ name: base, packages, without, socket, fresh, log });
}

function readPackages(file) {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  const words = lines.map((line) => line.replace(/#.*/, '').trim()).filter((line) => line !== '');
  return {
    packages: words.filter((word) => !word.startsWith('-')),
    without: words.filter((word) => word.startsWith('-')).map((word) => word.slice(1)),
  };
}

/** The files of the build, in the order of their names. */
function readContext(directory) {
  const paths = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !NOT_BUILT_IN.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
  if (paths.length > FILES_MAX) throw new Error(`${directory} holds over ${FILES_MAX} files.`);
  return paths.map((path) => ({
    name: relative(directory, path),
    executable: (statSync(path).mode & 0o100) !== 0,
    bytes: readFileSync(path),
  }));
}

function hashContext({ base, files }) {
  const hash = createHash('sha256').update(`${base}\n`);
  for (const { name, executable, bytes } of files) {
    hash.update(JSON.stringify([name, executable, bytes.length])).update(bytes);
  }
  return hash.digest('hex');
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { base: { type: 'string' }, fresh: { type: 'boolean', default: false } },
  });
  const started = performance.now();
  const log = (line) => {
    const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(6);
    process.stderr.write(`${seconds} s  ${line}\n`);
  };
  const docker = await ensureDocker({ log });
  if (docker.state === 'missing') throw new Error(docker.advice);
  for (const engine of await buildEngines(positionals, { ...values, socket: docker.socket, log })) {
    const size = `${Math.round(engine.sizeBytes / 1e6)} MB`;
    log(`${engine.image} ${engine.built ? 'built' : 'is up to date'}, ${size}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
