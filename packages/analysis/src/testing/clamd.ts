/**
 * A real clamd with signatures made for the test: its own directory, its own socket, no freshclam.
 * It is started in the foreground, so it ends with `stop` or with the test.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

import { archive } from '../archive/testing/tar-samples.ts';

export interface TestClamdOptions {
  /** Lines of clamd.conf by name, in addition to the required ones: `MaxFileSize: '5M'`. */
  readonly config?: Readonly<Record<string, string>>;
  readonly database?: TestDatabase;
  /** Whether it also listens on a local TCP port. */
  readonly tcp?: boolean;
}

export interface TestDatabase {
  /** Number and time that VERSION reports; absent: signatures without a number. */
  readonly number?: number;
  readonly atMs?: number;
  /** Strings to detect, by the reported name. */
  readonly signatures: Readonly<Record<string, string | Uint8Array>>;
}

export interface TestClamd {
  readonly socketPath: string;
  /** Of the TCP port, 0 without one. */
  readonly port: number;
  readonly databaseDirectory: string;
  /** Kills it at once, like the kernel when memory is exhausted. */
  kill(): Promise<void>;
  /** Starts it again on the same socket. */
  start(): Promise<void>;
  /** Changes the signatures and requests a reload; `isLoaded` shows when it is done. */
  reload(database: TestDatabase): Promise<void>;
  /** Sends one command outside a session. */
  ask(command: string): Promise<string>;
  readLog(): Promise<string>;
  /** Stops it and removes its files. */
  stop(): Promise<void>;
}

/** Starts clamd and waits until it answers. */
export async function startClamd(options: TestClamdOptions = {}): Promise<TestClamd> {
  // A short path: that of a socket may have 107 bytes.
  const directory = await mkdtemp('/tmp/lazaret-clamd-');
  const databaseDirectory = await mkdtemp(join(directory, 'db-'));
  const socketPath = join(directory, 'socket');
  const configFile = join(directory, 'conf');
  const logFile = join(directory, 'log');
  const port = options.tcp === true ? await freePort() : 0;
  const tcp = port === 0 ? {} : { TCPSocket: String(port), TCPAddr: '127.0.0.1' };
  const base = baseConfig({ socketPath, databaseDirectory, logFile });
  const config = { ...base, ...tcp, ...options.config };
  const lines = Object.entries(config).map(([name, value]) => `${name} ${value}\n`);
  await writeFile(configFile, lines.join(''));
  await writeDatabase(databaseDirectory, options.database ?? { number: 1, signatures: {} });
  let child: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    child = spawn('clamd', ['--config-file', configFile], { stdio: 'ignore' });
    await waitForAnswer({ child, socketPath, logFile });
  };
  const kill = async (): Promise<void> => {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGKILL');
    await ended;
    await rm(socketPath, { force: true });
  };
  try {
    await start();
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  return {
    socketPath,
    port,
    databaseDirectory,
    kill,
    start,
    reload: async (database) => {
      await writeDatabase(databaseDirectory, database);
      await askOnce(socketPath, 'RELOAD');
    },
    ask: (command) => askOnce(socketPath, command),
    readLog: () => readFile(logFile, 'utf8'),
    stop: async () => {
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function baseConfig(paths: Record<string, string>): Record<string, string> {
  return {
    Foreground: 'yes',
    LocalSocket: paths['socketPath'] ?? '',
    DatabaseDirectory: paths['databaseDirectory'] ?? '',
    LogFile: paths['logFile'] ?? '',
    User: userInfo().username,
    SelfCheck: '600',
    AlertExceedsMax: 'yes',
  };
}

/** EICAR and the given strings, as `daily.cud` (the unsigned form of a database) or as `.ndb`. */
async function writeDatabase(directory: string, database: TestDatabase): Promise<void> {
  const { number, atMs = 0, signatures } = database;
  const rows = Object.entries(signatures).map(([name, content]) => {
    return `${name}:0:*:${Buffer.from(content).toString('hex')}\n`;
  });
  const text = Buffer.from(rows.join(''));
  if (number === undefined) return writeFile(join(directory, 'test.ndb'), text);
  const seconds = Math.floor(atMs / 1_000);
  const fields = ['01 Jan 2026 00-00 +0000', number, rows.length, 90, 'x', 'x', 'test', seconds];
  const start = `ClamAV-VDB:${fields.join(':')}`;
  const sum = createHash('sha256').update(text).digest('hex');
  const info = `${start}\ndaily.ndb:${text.length}:${sum}\n`;
  const files = [
    { path: 'daily.info', content: Buffer.from(info) },
    { path: 'daily.ndb', content: text },
  ];
  const body = gzipSync(await archive(files));
  const header = Buffer.alloc(512, ' ');
  header.write(start);
  await writeFile(join(directory, 'daily.cud'), Buffer.concat([header, body]));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const startTries = 600;

async function waitForAnswer(place: {
  child: ChildProcess;
  socketPath: string;
  logFile: string;
}): Promise<void> {
  for (let tries = 0; tries < startTries; tries += 1) {
    if (place.child.exitCode !== null) break;
    const there = await stat(place.socketPath).then(
      () => true,
      () => false,
    );
    if (there && (await askOnce(place.socketPath, 'PING').catch(() => '')) === 'PONG') return;
    await sleep(50);
  }
  place.child.kill('SIGKILL');
  const log = await readFile(place.logFile, 'utf8').catch(() => 'no log');
  throw new Error(`clamd did not start:\n${log}`);
}

async function askOnce(socketPath: string, command: string): Promise<string> {
  const socket = connect(socketPath);
  const pieces: Buffer[] = [];
  socket.write(`z${command}\0`);
  for await (const piece of socket) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8').replace(/\0$/, '');
}
