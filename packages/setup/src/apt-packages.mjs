/**
 * Distribution packages on Debian and its derivatives: installs missing ones, and unpacks
 * packages to a directory without installing them.
 */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';

const COMMAND_TIMEOUT_MS = 15 * 60_000;
const OUTPUT_MAX_CHARS = 1024 * 1024;
const OUTPUT_LINES = 15;
const UNNEEDED = ['doc', 'doc-base', 'man', 'info', 'locale', 'lintian', 'bug'];

/**
 * Installs missing packages (without recommended ones).
 *
 * @param {string[]} names
 * @param {{ log?: (line: string) => void }} [options]
 * @returns {Promise<string[]>} the newly installed packages
 * @throws {Error} that says what to do when this is not Debian, not root, or apt failed
 */
export async function ensurePackages(names, options = {}) {
  const { log = () => {} } = options;
  const installed = installedPackages();
  const missing = names.filter((name) => !installed.has(name));
  if (missing.length === 0) return [];
  if (!hasApt()) {
    throw new Error(`Install these programs; this system has no apt-get: ${missing.join(', ')}`);
  }
  if (process.getuid?.() !== 0) {
    const line = `apt-get install --no-install-recommends ${missing.join(' ')}`;
    throw new Error(`Packages are missing, and only root can install them. Run: sudo ${line}`);
  }
  log(`Installing with apt-get: ${missing.join(', ')}`);
  const environment = { DEBIAN_FRONTEND: 'noninteractive' };
  await refreshLists({ log });
  const install = ['install', '-y', '-q', '--no-install-recommends', ...missing];
  await run('apt-get', install, { environment });
  return missing;
}

/**
 * Whether this system installs its packages with apt-get (Debian, Ubuntu and derivatives).
 *
 * @returns {boolean}
 */
export function hasApt() {
  return existsSync('/usr/bin/apt-get') && existsSync('/usr/bin/dpkg-deb');
}

/**
 * Unpacks packages and their dependencies to a directory, without running package scripts.
 * apt-get chooses, fetches and verifies, with the system's own sources and settings. Works for an
 * ordinary user too.
 *
 * @param {{ packages: string[], without?: string[], directory: string, scratch: string,
 *   log?: (line: string) => void }} options `without` names packages to omit although another
 *   one depends on them; `directory` and `scratch` are empty directories
 * @returns {Promise<string[]>} the packages' file names, versions included
 */
export async function unpackPackages(options) {
  const { packages, without = [], directory, scratch, log = () => {} } = options;
  const files = await fetchPackages({ packages, without, scratch, log });
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    mkdirSync(join(directory, 'usr', name), { recursive: true });
  }
  // the merged /usr of current Debian releases; packages may still have files under /bin and /lib
  await run('ln', ['-s', 'usr/bin', 'usr/sbin', 'usr/lib', 'usr/lib64', directory]);
  const unpack = ['-x', '-C', directory, '--keep-directory-symlink', '--no-same-owner'];
  const excludes = UNNEEDED.map((name) => `--exclude=./usr/share/${name}/*`);
  // the largest first: it uses one core until the end while the other core does the rest
  const queue = files.toSorted((a, b) => statSync(b).size - statSync(a).size);
  const unpackRest = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      await runPiped(['dpkg-deb', '--fsys-tarfile', file], ['tar', ...unpack, ...excludes]);
    }
  };
  await Promise.all([unpackRest(), unpackRest()]); // the decompressor of each takes one core
  return files.map((file) => basename(file)).sort();
}

async function fetchPackages({ packages, without, scratch, log }) {
  const archives = join(scratch, 'archives');
  mkdirSync(archives, { recursive: true });
  chmodSync(scratch, 0o755);
  chmodSync(archives, 0o777); // apt-get downloads as a separate user
  writeFileSync(join(scratch, 'status'), await pretendInstalled(without));
  const settings = [`Dir::State::status=${join(scratch, 'status')}`, 'Debug::NoLocking=true'];
  if (process.getuid?.() !== 0) {
    mkdirSync(join(scratch, 'lists', 'partial'), { recursive: true });
    settings.push(`Dir::State::lists=${join(scratch, 'lists')}`);
    settings.push('Dir::Cache::pkgcache=', 'Dir::Cache::srcpkgcache=');
    await refreshLists({ log, settings });
  }
  const flags = settings.flatMap((setting) => ['-o', setting]);
  const download = async () => {
    const wanted = await resolvePackages({ packages, flags });
    log(`Fetching ${wanted.length} packages`);
    await run('apt-get', ['download', '-q', ...flags, ...wanted], { directory: archives });
  };
  try {
    await download();
  } catch {
    // no lists yet, or lists with files that the mirror has replaced since
    await refreshLists({ log, settings });
    await download();
  }
  return readdirSync(archives).map((name) => join(archives, name));
}

/**
 * A package database in which only these are installed, in a version above any required one:
 * apt-get then omits them and dependencies that only they have.
 */
async function pretendInstalled(names) {
  const architecture = (await run('dpkg', ['--print-architecture'])).trim();
  const stanza = (name) => `Package: ${name}
Status: install ok installed
Maintainer: none
Architecture: ${architecture}
Multi-Arch: foreign
Version: 9999:0
Description: omitted
`;
  return names.map(stanza).join('\n');
}

/** The requested packages and their dependencies, as "name=version" of apt-get. */
async function resolvePackages({ packages, flags }) {
  const simulate = ['install', '-s', '-y', '--no-install-recommends', ...flags, ...packages];
  const lines = (await run('apt-get', simulate)).split('\n');
  return lines.flatMap((line) => {
    const [, name, version] = /^Inst (\S+) \((\S+)/.exec(line) ?? [];
    return name === undefined ? [] : [`${name}=${version}`];
  });
}

/** Refreshes the package lists; a failing source is only reported, since the others may suffice. */
async function refreshLists({ log, settings = [] }) {
  log('Refreshing the package lists');
  const flags = settings.flatMap((setting) => ['-o', setting]);
  try {
    await run('apt-get', ['update', '-q', ...flags]);
  } catch (error) {
    log(`apt-get update failed, continuing with the existing lists. ${error.message}`);
  }
}

function installedPackages() {
  if (!existsSync('/var/lib/dpkg/status')) return new Set();
  const entries = readFileSync('/var/lib/dpkg/status', 'utf8').split('\n\n');
  const installed = entries.filter((entry) => /^Status: \S+ ok installed$/m.test(entry));
  return new Set(installed.map((entry) => /^Package: (\S+)$/m.exec(entry)?.[1]));
}

/**
 * Runs a program to its end and returns its standard output.
 *
 * @param {string} program
 * @param {string[]} parameters
 * @param {{ directory?: string, environment?: Record<string, string>, timeoutMs?: number }}
 *   [options] `environment` is added to the current one
 * @returns {Promise<string>}
 * @throws {Error} with the last lines of what it said when it did not end with 0
 */
export function run(program, parameters, options = {}) {
  const { directory, environment = {}, timeoutMs = COMMAND_TIMEOUT_MS } = options;
  const env = { ...process.env, LC_ALL: 'C', ...environment };
  const started = spawn(program, parameters, {
    cwd: directory,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  const output = collect(started.stdout);
  const complaints = collect(started.stderr);
  return ended(started, program, () => complaints() || output()).then(output);
}

/** Runs two programs, the first one's output being the second one's input. */
async function runPiped([program, ...parameters], [next, ...nextParameters]) {
  const limit = { timeout: COMMAND_TIMEOUT_MS, killSignal: 'SIGKILL' };
  const first = spawn(program, parameters, { stdio: ['ignore', 'pipe', 'pipe'], ...limit });
  const second = spawn(next, nextParameters, { stdio: ['pipe', 'ignore', 'pipe'], ...limit });
  second.stdin.on('error', () => {}); // it ended early, as shown by its exit code
  first.stdout.pipe(second.stdin);
  await Promise.all([
    ended(first, program, collect(first.stderr)),
    ended(second, next, collect(second.stderr)),
  ]);
}

function collect(stream) {
  let text = '';
  stream.setEncoding('utf8').on('data', (part) => {
    text = (text + part).slice(-OUTPUT_MAX_CHARS);
  });
  return () => text;
}

function ended(child, program, complaints) {
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new Error(`${program} did not start: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) return resolve();
      const output = complaints().trim().split('\n').slice(-OUTPUT_LINES).join('\n');
      reject(new Error(`${program} ended with ${code ?? signal}: ${output}`));
    });
  });
}
