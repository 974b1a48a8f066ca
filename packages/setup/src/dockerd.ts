/**
 * Starts and stops the Docker engine without a service manager (containers, small virtual
 * machines). Needs root.
 *
 * Each attempt removes leftovers of an earlier engine, starts dockerd detached and waits until
 * it responds. When it exits instead, its log is matched against `fallbacks`; every fallback is
 * tried once, in addition to those before it, until none is left.
 */
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { run } from './apt-packages.mjs';
import { pingEngine, type Log } from './local-engine.ts';

const defaults = {
  socket: '/var/run/docker.sock',
  execRoot: '/var/run/docker',
  waitMs: 60_000,
};
const pollMs = 200;
const killWaitMs = 5_000;
/** dockerd stops its containers first. */
const stopWaitMs = 30_000;
const shownLines = 12;
const legacyIptables = '/usr/sbin/iptables-legacy';

interface StartContext {
  readonly dataDirectory: string;
  readonly environment: Record<string, string>;
}

interface Fallback {
  readonly name: string;
  /** Messages in the log of a dockerd that cannot start. */
  readonly when: RegExp;
  readonly why: string;
  readonly parameters?: readonly string[];
  readonly prepare?: (context: StartContext) => Promise<void> | void;
}

/** Reasons why dockerd cannot start, and remedies. */
export const fallbacks: readonly Fallback[] = [
  {
    name: 'cgroups',
    when: /cgroup isn't mounted|cgroup mountpoint does not exist|cgroups?: .*not mounted/i,
    why: 'control groups are not mounted: mounting them',
    prepare: mountControlGroups,
  },
  {
    name: 'iptables-legacy',
    when: /iptables|nf_tables|nftables/i,
    why: 'the firewall tool of this system fails: using iptables-legacy',
    prepare: preferLegacyIptables,
  },
  {
    name: 'no-firewall',
    when: /iptables|nf_tables|nftables|network controller|bridge/i,
    why: 'no firewall tool works: containers get no network at all (jobs do not need one)',
    parameters: ['--iptables=false', '--ip6tables=false', '--bridge=none'],
  },
  {
    name: 'vfs',
    when: /graphdriver|storage.driver|overlay/i,
    why: 'the file system does not support overlay: using the slow vfs storage driver',
    parameters: ['--storage-driver=vfs'],
  },
  {
    name: 'containerd',
    when: /containerd/i,
    why: 'a containerd of an earlier engine is still running: stopping it',
  },
];

export interface DockerdOptions {
  readonly log?: Log;
  /** Directory of dockerd.log and dockerd.pid. */
  readonly dataDirectory: string;
  readonly socket?: string;
  readonly execRoot?: string;
  /** Arguments of dockerd, before those of the fallbacks. */
  readonly parameters?: readonly string[];
  /** Time limit of each start. */
  readonly waitMs?: number;
}

/**
 * Starts dockerd and waits until it responds. Returns undefined on success, otherwise the problem.
 */
export async function startDockerd(options: DockerdOptions): Promise<string | undefined> {
  const { log = () => {} } = options;
  const engine = { ...defaults, ...options };
  // dockerd runs in the root directory, where a relative path would have another meaning.
  const dataDirectory = resolve(options.dataDirectory);
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  const files = { logFile: join(dataDirectory, 'dockerd.log'), pidFile: pidFileOf(dataDirectory) };
  const environment: Record<string, string> = {
    PATH: `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`,
  };
  const parameters = [...(options.parameters ?? [])];
  const untried = new Set(fallbacks);
  for (;;) {
    const other = await clearLeftovers({ ...engine, ...files, log });
    if (other !== undefined) return other;
    const failure = await startOnce({ ...engine, ...files, parameters, environment });
    if (failure === undefined) return undefined;
    const fallback = [...untried].find((each) => each.when.test(failure));
    if (fallback === undefined) {
      return `dockerd did not start. The end of ${files.logFile}:\n${lastLines(failure)}`;
    }
    untried.delete(fallback);
    log(`dockerd exited; ${fallback.why}.`);
    parameters.push(...(fallback.parameters ?? []));
    await fallback.prepare?.({ dataDirectory, environment });
  }
}

/** Stops the dockerd that `startDockerd` started; returns whether there was one. */
export async function stopDockerd(dataDirectory: string): Promise<boolean> {
  const pid = readPid(pidFileOf(resolve(dataDirectory)));
  if (pid === undefined || !isProgram(pid, 'dockerd')) return false;
  process.kill(pid, 'SIGTERM');
  await waitForExit(pid, stopWaitMs);
  return true;
}

function pidFileOf(dataDirectory: string): string {
  return join(dataDirectory, 'dockerd.pid');
}

interface Start {
  readonly socket: string;
  readonly execRoot: string;
  readonly logFile: string;
  readonly pidFile: string;
  readonly parameters: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly waitMs: number;
}

/** One start. Returns undefined when the engine responds, its log when it exited or hung. */
async function startOnce(start: Start): Promise<string | undefined> {
  const { socket, execRoot, logFile, pidFile, parameters, environment, waitMs } = start;
  const output = openSync(logFile, 'w', 0o600);
  const flags = [`--host=unix://${socket}`, `--exec-root=${execRoot}`, `--pidfile=${pidFile}`];
  const dockerd = spawn('dockerd', [...flags, ...parameters], {
    detached: true,
    stdio: ['ignore', output, output],
    cwd: '/',
    env: { ...process.env, ...environment },
  });
  closeSync(output);
  let ended = false;
  const onEnd = (): void => {
    ended = true;
  };
  dockerd.on('error', onEnd);
  dockerd.on('exit', onEnd);
  for (let waited = 0; waited < waitMs && !ended; waited += pollMs) {
    if ((await pingEngine(socket)).ok) {
      dockerd.unref();
      return undefined;
    }
    await pause(pollMs);
  }
  if (!ended) dockerd.kill('SIGKILL');
  return readFileSync(logFile, 'utf8');
}

/**
 * Removes leftovers of a dead engine: stale process id files and sockets, a containerd without
 * its dockerd. Our own dockerd that no longer responds is killed; another one is reported.
 */
async function clearLeftovers({
  socket,
  execRoot,
  pidFile,
  log,
}: Pick<Start, 'socket' | 'execRoot' | 'pidFile'> & { readonly log: Log }): Promise<
  string | undefined
> {
  const own = readPid(pidFile);
  if (own !== undefined && isProgram(own, 'dockerd')) {
    log(`Stopping dockerd ${own}, which no longer answers.`);
    await killAndWait(own);
  }
  const systemPidFile = `${execRoot}.pid`;
  const other = readPid(systemPidFile);
  if (other !== undefined && isProgram(other, 'dockerd')) {
    return `dockerd runs as process ${other} but does not answer on ${socket}. Check its log; \
stop it (kill ${other}) and start again.`;
  }
  for (const file of [pidFile, systemPidFile]) rmSync(file, { force: true });
  const configuration = join(execRoot, 'containerd', 'containerd.toml');
  for (const pid of processIds()) {
    if (!isProgram(pid, 'containerd') || !commandLine(pid).includes(configuration)) continue;
    log(`Stopping containerd ${pid}, a leftover of an earlier engine.`);
    await killAndWait(pid);
  }
  rmSync(join(execRoot, 'containerd', 'containerd.pid'), { force: true });
  return undefined;
}

function readPid(file: string): number | undefined {
  if (!existsSync(file)) return undefined;
  const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}

/** Process ids are reused: the name of the program is checked too. */
function isProgram(pid: number, name: string): boolean {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`)).replace(' (deleted)', '') === name;
  } catch {
    return false; // it has ended
  }
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function processIds(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

async function killAndWait(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await waitForExit(pid, killWaitMs);
}

async function waitForExit(pid: number, waitMs: number): Promise<void> {
  for (let waited = 0; waited < waitMs && existsSync(`/proc/${pid}/exe`); waited += pollMs) {
    await pause(pollMs);
  }
}

/** Uses iptables-legacy for dockerd only; the setting of the system is not changed. */
function preferLegacyIptables({ dataDirectory, environment }: StartContext): void {
  if (!existsSync(legacyIptables)) return;
  const place = join(dataDirectory, 'bin');
  mkdirSync(place, { recursive: true });
  for (const name of ['iptables', 'ip6tables']) {
    rmSync(join(place, name), { force: true });
    symlinkSync(legacyIptables.replace('iptables', name), join(place, name));
  }
  environment['PATH'] = `${place}:${environment['PATH']}`;
}

async function mountControlGroups(): Promise<void> {
  const place = '/sys/fs/cgroup';
  mkdirSync(place, { recursive: true });
  const [, ...lines] = readFileSync('/proc/cgroups', 'utf8').trim().split('\n');
  const unified = await run('mount', ['-t', 'cgroup2', 'none', place]).then(
    () => readFileSync(join(place, 'cgroup.controllers'), 'utf8').includes('memory'),
    () => false,
  );
  if (unified) {
    writeFileSync(join(place, 'cgroup.subtree_control'), '+memory +pids +cpu');
    return;
  }
  // an older kernel, or one with its controllers in version 1
  await run('umount', [place]).catch(() => {}); // it was not mounted
  await run('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'none', place]);
  for (const [name = ''] of lines.map((line) => line.split('\t'))) {
    mkdirSync(join(place, name), { recursive: true });
    await run('mount', ['-t', 'cgroup', '-o', name, 'none', join(place, name)]);
  }
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-shownLines).join('\n');
}
