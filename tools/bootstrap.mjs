/**
 * The first step of `npm start`, `npm test` and `npm run check` on a machine with only Node 20, npm
 * and git: installs the locked dependencies, builds the console and the program when their sources
 * changed. Then it runs the pinned Node. Plain JavaScript on Node's own modules, since nothing else
 * is there yet.
 */
import { spawnSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { isBuilt } from '../packages/cli/bin/is-built.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const modules = join(root, 'node_modules');
const node = join(modules, 'node', 'bin', 'node');
const stamps = join(modules, '.lazaret');

const commands = {
  start: () => {
    sayCommand();
    handOver([join('packages', 'cli', 'bin', 'lazaret.mjs'), 'up']);
  },
  lazaret: () => handOver([join('packages', 'cli', 'bin', 'lazaret.mjs')]),
  test: () => handOver([join('tools', 'run-tests.ts')]),
  check: () => handOver([join('tools', 'check.ts')]),
};

const [command = '', ...rest] = process.argv.slice(2);
if (!Object.hasOwn(commands, command)) {
  fail(`expected one of ${Object.keys(commands).join(', ')}, received "${command}"`);
}
const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 20) fail(`Lazaret is started with Node 20 or later; this is ${process.versions.node}`);
await provideLibraries();
install();
if (command === 'start' || command === 'test') buildConsole();
if (command !== 'check') buildProgram();
commands[command]();

/** Installs the versions of package-lock.json, unless they are installed. */
function install() {
  const lock = digest([join(root, 'package-lock.json'), join(root, 'package.json')]);
  if (readStamp('install') === lock && existsSync(node)) return;
  say('Installing locked dependencies (once) ...');
  // npm puts node_modules/.bin first; it must not run under the Node that it replaces.
  const others = (process.env.PATH ?? '').split(':').filter((one) => !one.includes('node_modules'));
  const PATH = [dirname(process.execPath), ...others].join(':');
  const env = { ...process.env, PATH };
  run('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error'], { quietly: true, env });
  // Bundled with replaced packages.
  rmSync(join(root, 'packages', 'cli', 'dist'), { recursive: true, force: true });
  if (!existsSync(node)) fail('the pinned Node was not installed; is the npm registry reachable?');
  writeStamp('install', lock);
}

/**
 * The pinned Node needs libatomic, which a minimal Debian does not have. Before the installation:
 * its scripts already run under the pinned Node, and npm drops an optional package whose script
 * fails. libisal decompresses layers twice as fast and is only installed where no question is
 * needed.
 */
async function provideLibraries() {
  const known = spawnSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' });
  if (known.status !== 0) return;
  const lacks = (library) => !known.stdout.includes(library);
  if (!lacks('libatomic.so.1') && !lacks('libisal.so.2')) return;
  const { ensurePackages, hasApt } = await import('../packages/setup/src/apt-packages.mjs');
  if (lacks('libatomic.so.1')) {
    try {
      await ensurePackages(['libatomic1'], { log: say });
    } catch (error) {
      fail(`the pinned Node needs the library libatomic.so.1. ${error.message}`);
    }
  }
  if (!lacks('libisal.so.2') || !hasApt() || process.getuid?.() !== 0) return;
  try {
    await ensurePackages(['libisal2'], { log: say });
  } catch (error) {
    say(`Continuing without libisal: layers are inflated by zlib. ${error.message}`);
  }
}

function buildConsole() {
  const place = join(root, 'packages', 'console');
  const protocol = join(root, 'packages', 'protocol', 'src');
  const sources = digest([
    ...listFiles(join(place, 'src')),
    ...listFiles(join(place, 'public')),
    ...listFiles(protocol),
    ...['index.html', 'vite.config.ts', 'package.json'].map((name) => join(place, name)),
    join(root, 'package-lock.json'),
  ]);
  if (readStamp('console') === sources && existsSync(join(place, 'dist', 'index.html'))) return;
  say('Building the console (when its sources changed) ...');
  const vite = join(modules, 'vite', 'bin', 'vite.js');
  run(node, [vite, 'build', '--logLevel', 'warn'], { cwd: place, quietly: true });
  writeStamp('console', sources);
}

function buildProgram() {
  if (isBuilt()) return;
  run(node, [join('tools', 'build-program.mjs')], { quietly: true });
}

/** How to put the program on the PATH, unless it is there. Nothing is written outside the clone. */
function sayCommand() {
  const directory = join(root, 'bin');
  const paths = (process.env.PATH ?? '').split(':').map((one) => join(one, 'lazaret'));
  const isCommand = paths.some((path) => {
    return existsSync(path) && realpathSync(path) === join(directory, 'lazaret');
  });
  if (!isCommand) say(`The command lazaret:  export PATH="${directory}:$PATH"`);
}

/** Runs under the pinned Node, which is first in the PATH for its child processes. */
function handOver(words) {
  const path = `${join(modules, 'node', 'bin')}:${join(modules, '.bin')}:${process.env.PATH}`;
  const child = spawn(node, [join(root, words[0]), ...words.slice(1), ...rest], {
    stdio: 'inherit',
    env: { ...process.env, PATH: path },
  });
  // A terminal sends Ctrl-C to both; other signals are forwarded. The child decides when to exit.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('error', (error) => fail(`the pinned Node could not be started: ${error.message}`));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
  });
}

function run(program, words, options) {
  const { quietly, ...others } = options;
  const result = spawnSync(program, words, {
    cwd: root,
    stdio: quietly && !process.env.LAZARET_DEBUG ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    maxBuffer: 64 * 1024 * 1024,
    ...others,
  });
  if (result.status === 0) return;
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  fail(`${program} ${words.join(' ')} failed${result.error ? `: ${result.error.message}` : ''}`);
}

function listFiles(directory) {
  return readdirSync(directory, { recursive: true })
    .map((name) => join(directory, String(name)))
    .filter((path) => statSync(path).isFile())
    .sort();
}

function digest(paths) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(`${relative(root, path)}\0`).update(readFileSync(path));
  return hash.digest('hex');
}

function readStamp(name) {
  const path = join(stamps, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function writeStamp(name, value) {
  mkdirSync(stamps, { recursive: true });
  writeFileSync(join(stamps, name), value);
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

function fail(text) {
  say(`lazaret: ${text}`);
  process.exit(1);
}
