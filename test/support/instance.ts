/**
 * A complete Lazaret for tests: the real program as a separate process on a new data directory,
 * with its embedded PostgreSQL, against the Docker engine of this machine.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { createClient, operations, type Client } from '@lazaret/protocol';

import { makeFastDirectory } from '../../packages/server/src/testing/database.ts';

export const repository: string = fileURLToPath(new URL('../..', import.meta.url));
const program = join(repository, 'packages', 'cli', 'bin', 'lazaret.mjs');
const startMs = 60_000;

export interface Instance {
  readonly url: string;
  /** The one-time link that creates the first administrator. */
  readonly setupLink: string;
  /** The token of the server's own operating-system user: an administrator. */
  readonly adminToken: string;
  /** A client with that token. */
  readonly client: Client;
  readonly dataDirectory: string;
  readonly process: ChildProcess;
  /** The output of the process so far, both streams. */
  output(): string;
  /** Ends it like Ctrl-C and waits; returns the exit code. */
  stop(): Promise<number | null>;
  /** kill -9, and nothing else. */
  kill(): Promise<void>;
  /** Stops it and removes the data directory. */
  close(): Promise<void>;
}

export interface InstanceOptions {
  /** Engines whose manifests are copied to the watched directory, by their folders. */
  readonly engines?: readonly string[];
  /** Continue with the data of an earlier instance. */
  readonly dataDirectory?: string;
  readonly arguments?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** `serve` unless given. */
  readonly command?: 'serve' | 'up';
}

/** Folders of engines by name, for `engines`. */
export const engineFolders = {
  strings: join(repository, 'engines', 'strings'),
  apktool: join(repository, 'engines', 'apktool'),
  hostile: join(repository, 'test', 'fixtures', 'hostile-engine'),
} as const;

/** Starts an instance and waits until it responds and its engines can run. */
export async function startInstance(options: InstanceOptions = {}): Promise<Instance> {
  const dataDirectory = options.dataDirectory ?? (await makeFastDirectory('lazaret-instance-'));
  await placeEngines(dataDirectory, options.engines ?? []);
  const child = spawn(
    process.execPath,
    [
      ...[program, options.command ?? 'serve', '--data', dataDirectory, '--listen', '127.0.0.1:0'],
      ...['--on-stop', 'stop', ...(options.arguments ?? [])],
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...cleanEnvironment(), ...options.environment },
    },
  );
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => (printed += bytes.toString()));
  }
  const address = await waitForAddress(child, { dataDirectory, output: () => printed });
  const client = createClient({ baseUrl: address.url, token: address.token });
  await waitForEngines(client, options.engines?.length ?? 0);
  const stop = async (): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGINT');
      await ended;
    }
    return child.exitCode;
  };
  return {
    url: address.url,
    get setupLink() {
      return /(http\S+#link=\S+)/.exec(printed)?.[1] ?? '';
    },
    adminToken: address.token,
    client,
    dataDirectory,
    process: child,
    output: () => printed,
    stop,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
    async close() {
      await stop();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}

/** Without the caller's own settings for Lazaret. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env);
  return Object.fromEntries(
    entries.filter(([name]) => !name.startsWith('LAZARET_') && name !== 'DATABASE_URL'),
  );
}

async function placeEngines(dataDirectory: string, folders: readonly string[]): Promise<void> {
  const watched = join(dataDirectory, 'engines');
  await mkdir(watched, { recursive: true });
  for (const folder of folders) {
    const name = folder.split('/').at(-1) ?? 'engine';
    await cp(join(folder, 'manifest.yaml'), join(watched, `${name}.yaml`));
  }
}

/**
 * The token file is written last: when it has the address of this process, everything has started.
 */
async function waitForAddress(
  child: ChildProcess,
  place: { readonly dataDirectory: string; readonly output: () => string },
): Promise<{ url: string; token: string }> {
  const path = join(place.dataDirectory, 'local-token');
  const deadline = performance.now() + startMs;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) break;
    const listening = /"url":"(http[^"]+)"|Ready: (http\S+)\/console/.exec(place.output());
    const url = listening?.[1] ?? listening?.[2];
    if (url !== undefined && existsSync(path)) {
      const written = JSON.parse(await readFile(path, 'utf8')) as { url: string; token: string };
      if (written.url === url) return written;
    }
    await pause(25);
  }
  throw new Error(`the instance did not start:\n${place.output()}`);
}

async function waitForEngines(client: Client, count: number): Promise<void> {
  const deadline = performance.now() + startMs;
  for (;;) {
    const { items, refused } = await client.call(operations.engines.list, {});
    if (items.filter((engine) => engine.image !== null).length >= count) return;
    if (performance.now() > deadline) {
      throw new Error(`the engines did not become ready: ${JSON.stringify({ items, refused })}`);
    }
    await pause(50);
  }
}
