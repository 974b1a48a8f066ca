/** The commands of README.md and docs/getting-started.md work in a fresh clone, in their order. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { buildImage } from '../packages/analysis/src/testing/image-builder.ts';
import { newDockerFiles, packFiles } from '../packages/analysis/src/testing/write-image.ts';
import { expectationOf, type DocumentedCommand } from './docs/documented-commands.ts';
import { shellCommandsOf } from './docs/shell-commands.ts';
import { listFiles, readText } from './source/source-file.ts';
import { repository } from './support/instance.ts';

const startMs = 180_000;
const commandMs = 120_000;
/** The state of a reader while following the documents. */
interface Reader {
  readonly clone: string;
  /** Variables that the shell of the reader has. */
  readonly assignments: string[];
  /** Placeholder values in the documents, in capitals. */
  readonly values: Map<string, string>;
}

let reader: Reader;
let stop: () => Promise<void> = async () => undefined;

beforeAll(async () => {
  const clone = await makeClone();
  reader = { clone, assignments: [], values: new Map() };
  const image = await buildImage({
    layers: [{ entries: [{ path: 'etc/hostname', content: Buffer.from('app') }] }],
  });
  await writeFile(join(clone, 'image.tar'), await packFiles(newDockerFiles([image])));
});

afterAll(async () => {
  await stop();
  // The database of the clone may still be writing its last files.
  await rm(reader.clone, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
});

test.each(['README.md', 'docs/getting-started.md'])('%s', { timeout: 600_000 }, async (path) => {
  for (const { text } of shellCommandsOf({ path, text: readText(path) })) {
    const expected = expectationOf(text);
    expect(expected, `no expectation for: ${text}`).toBeDefined();
    if (expected?.notRun !== undefined) continue;
    if (text === 'npm start') await startOnce(expected!);
    else await runCommand(text, expected!);
  }
});

/** The files of this tree and its dependencies like in a clone after the installation. */
async function makeClone(): Promise<string> {
  const parent = join(repository, 'test-results');
  await mkdir(parent, { recursive: true });
  const clone = await mkdtemp(join(parent, 'clone-'));
  for (const path of listFiles()) {
    mkdirSync(join(clone, dirname(path)), { recursive: true });
    cpSync(join(repository, path), join(clone, path));
  }
  // Hard links, so that the packages of the clone resolve each other and not those of this tree.
  spawnSync('cp', ['-al', join(repository, 'node_modules'), clone]);
  const stamps = join('node_modules', '.lazaret');
  for (const built of [stamps, 'packages/console/dist', 'packages/cli/dist']) {
    rmSync(join(clone, built), { recursive: true, force: true });
    if (existsSync(join(repository, built))) {
      cpSync(join(repository, built), join(clone, built), { recursive: true });
    }
  }
  spawnSync('chmod', ['-R', 'go+rX', clone]);
  return clone;
}

/** `npm start` keeps running; both documents begin with it, and the second one reuses it. */
async function startOnce({ prints }: DocumentedCommand): Promise<void> {
  if (reader.values.has('LINK')) return;
  const child = spawn('npm', ['start'], {
    cwd: reader.clone,
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const ended = once(child, 'exit');
  stop = async () => {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
    await ended;
  };
  let printed = '';
  child.stdout.on('data', (bytes: Buffer) => (printed += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (printed += bytes.toString()));
  const deadline = performance.now() + startMs;
  while (!prints?.test(printed)) {
    expect(child.exitCode, printed).toBeNull();
    expect(performance.now(), printed).toBeLessThan(deadline);
    await pause(100);
  }
  learn(prints, printed);
}

async function runCommand(text: string, expected: DocumentedCommand): Promise<void> {
  if (/^[A-Z]+=/.test(text)) {
    reader.assignments.push(atThisServer(text));
    return;
  }
  if (expected.writes !== undefined) {
    await rm(join(reader.clone, expected.writes), { force: true });
  }
  const command = [...reader.assignments, withValues(text)].join('\n');
  const deadline = performance.now() + commandMs;
  for (;;) {
    const result = spawnSync('bash', ['-euc', command], {
      cwd: reader.clone,
      env: environment(),
      encoding: 'utf8',
      timeout: commandMs,
    });
    const printed = `${result.stdout}${result.stderr}`;
    expect(result.status, `${text}\n${printed}`).toBe(0);
    const isThere = expected.prints === undefined || expected.prints.test(printed);
    if (isThere || expected.repeat !== true || performance.now() > deadline) {
      if (expected.prints !== undefined) expect(printed, text).toMatch(expected.prints);
      learn(expected.prints, printed);
      break;
    }
    await pause(200);
  }
  if (expected.writes !== undefined) {
    const written = readFileSync(join(reader.clone, expected.writes));
    expect(written.length, `${text} wrote ${expected.writes}`).toBeGreaterThan(100);
  }
}

/** Stores values for later commands, such as the id of the job. */
function learn(prints: RegExp | undefined, printed: string): void {
  const { groups = {} } = prints?.exec(printed) ?? {};
  for (const [name, value] of Object.entries(groups)) {
    if (value !== undefined) reader.values.set(name, value);
  }
}

/** The command as a reader types it: with the id, the digest, and a directory that exists. */
function withValues(text: string): string {
  const filled = [...reader.values].reduce(
    (line, [name, value]) => line.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), value),
    text,
  );
  return atThisServer(filled.replaceAll('dir:/srv/www', 'dir:docs'));
}

/** Another server on this machine may use the default port; the start then uses the next one. */
function atThisServer(text: string): string {
  const { url } = JSON.parse(readFileSync(join(reader.clone, 'data', 'local-token'), 'utf8')) as {
    url: string;
  };
  return text.replaceAll('http://127.0.0.1:8100', url);
}

/** Without the settings of the caller for Lazaret, npm and Node, except for certificates. */
function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(LAZARET_|npm_|VITEST|NODE_(ENV|OPTIONS)|DATABASE_URL)/.test(name),
  );
  const home = join(reader.clone, 'test-results');
  return {
    ...Object.fromEntries(own),
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_CACHE_HOME: join(home, 'cache'),
  };
}
