/**
 * Makes sure that a Docker engine answers on this machine.
 *
 * A running engine is used unchanged; an installed one is started; on Debian and its derivatives,
 * as root, it is installed first. Otherwise exact instructions are printed. An engine that
 * DOCKER_HOST names is the user's choice and is never started or replaced here.
 */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { ensurePackages, hasApt, run } from './apt-packages.mjs';
import { startDockerd } from './dockerd.ts';
import { pingEngine, type Log } from './local-engine.ts';

const systemSocket = '/var/run/docker.sock';
const serviceWaitMs = 60_000;
const pollMs = 250;

export interface DockerState {
  readonly state: 'running' | 'started' | 'installed-and-started' | 'missing';
  /** Path of the unix socket of the engine. */
  readonly socket: string | undefined;
  /** Empty, or instructions to print. */
  readonly advice: string;
}

export interface EnsureDockerOptions {
  readonly log?: Log;
  /**
   * Directory for the log and the process id of an engine that is started without a service
   * manager.
   */
  readonly dataDirectory?: string;
  /** False: only find and start. */
  readonly install?: boolean;
  /** Variables of the environment: DOCKER_HOST, PATH, XDG_RUNTIME_DIR. */
  readonly environment?: Environment;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Finds, starts or installs a Docker engine. Never throws: problems are in `advice`. */
export async function ensureDocker(options: EnsureDockerOptions = {}): Promise<DockerState> {
  const { log = () => {}, environment = process.env } = options;
  try {
    const found = await findEngine(environment);
    if (found.socket !== undefined) return answer('running', found.socket);
    if (found.advice !== undefined) return missing(found.advice);
    if (process.getuid?.() !== 0) return missing(adviceForUser(environment));
    return await installAndStart({ ...options, log, environment });
  } catch (error) {
    return missing(`The Docker engine could not be started: ${messageOf(error)}`);
  }
}

async function installAndStart(
  options: EnsureDockerOptions & { readonly log: Log; readonly environment: Environment },
): Promise<DockerState> {
  const { log, environment, install = true } = options;
  const { dataDirectory = '/var/lib/lazaret-docker' } = options;
  const wasInstalled = isInstalled(environment);
  if (!wasInstalled) {
    if (!install || !hasApt()) return missing(adviceForRoot(environment));
    log('No container engine found: installing docker.io with apt-get (a minute or two).');
    await ensurePackages(['docker.io', 'iptables'], { log });
  }
  log('Starting the Docker engine.');
  const failure = await startEngine({ log, dataDirectory });
  if (failure !== undefined) return missing(failure);
  return answer(wasInstalled ? 'started' : 'installed-and-started', systemSocket);
}

function answer(state: DockerState['state'], socket: string): DockerState {
  return { state, socket, advice: '' };
}

function missing(advice: string): DockerState {
  return { state: 'missing', socket: undefined, advice };
}

interface Found {
  readonly socket?: string;
  readonly advice?: string;
}

/** The first running engine, or why none is started. */
async function findEngine(environment: Environment): Promise<Found> {
  const host = environment['DOCKER_HOST'] ?? '';
  if (host !== '') return findNamedEngine(host);
  for (const socket of socketCandidates(environment)) {
    const ping = await pingEngine(socket);
    if (ping.ok) return { socket };
    if (ping.code === 'EACCES' || ping.code === 'EPERM') {
      return {
        advice: `Permission denied on the Docker engine's socket ${socket}. Add yourself to its group, then \
sign in again:
  sudo usermod -aG docker "$USER"`,
      };
    }
  }
  return {};
}

async function findNamedEngine(host: string): Promise<Found> {
  const [, socket] = /^unix:\/\/(\/.+)$/.exec(host) ?? [];
  if (socket === undefined) {
    return {
      advice: `DOCKER_HOST is ${host}, which is not a unix socket. Unset it to use an engine of this \
machine; add remote engines as nodes.`,
    };
  }
  const ping = await pingEngine(socket);
  if (ping.ok) return { socket };
  return {
    advice: `DOCKER_HOST names ${socket}, where no engine responds (${ping.code}). Start it, or \
unset DOCKER_HOST.`,
  };
}

function socketCandidates(environment: Environment): string[] {
  const runtime = environment['XDG_RUNTIME_DIR'] ?? '';
  return [
    systemSocket,
    ...(runtime === '' ? [] : [join(runtime, 'docker.sock')]),
    join(homedir(), '.docker', 'run', 'docker.sock'),
    join(homedir(), '.docker', 'desktop', 'docker.sock'),
    '/run/podman/podman.sock',
    ...(runtime === '' ? [] : [join(runtime, 'podman', 'podman.sock')]),
  ];
}

function isInstalled(environment: Environment): boolean {
  const places = [...(environment['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/bin'];
  return places.some((place) => isProgram(join(place, 'dockerd')));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

interface StartOptions {
  readonly log: Log;
  readonly dataDirectory: string;
}

/** Starts the installed engine; returns the problem when it does not start. */
async function startEngine({ log, dataDirectory }: StartOptions): Promise<string | undefined> {
  if (!existsSync('/run/systemd/system')) return startDockerd({ log, dataDirectory });
  const failure = await run('systemctl', ['start', 'docker']).then(
    () => undefined,
    (error: unknown) => messageOf(error),
  );
  if (await waitForEngine(systemSocket, serviceWaitMs)) return undefined;
  return `systemd did not start the Docker engine${failure === undefined ? '' : `: ${failure}`}
See why: journalctl -u docker -n 50`;
}

async function waitForEngine(socket: string, waitMs: number): Promise<boolean> {
  for (let waited = 0; waited < waitMs; waited += pollMs) {
    if ((await pingEngine(socket)).ok) return true;
    await pause(pollMs);
  }
  return false;
}

function adviceForUser(environment: Environment): string {
  if (process.platform !== 'linux') {
    return 'Jobs need a container engine. Install and start Docker Desktop, then start again.';
  }
  if (isInstalled(environment)) {
    return `The Docker engine is installed but does not run. Start it, and give your user access:
  sudo systemctl start docker
  sudo usermod -aG docker "$USER"   # then sign in again`;
  }
  return `Jobs need a container engine. Install one, and give your user access:
  sudo ${installLine()}
  sudo usermod -aG docker "$USER"   # then sign in again`;
}

function adviceForRoot(environment: Environment): string {
  if (process.platform !== 'linux') return adviceForUser(environment);
  return `Jobs need a container engine. Install and start one:
  ${installLine()}
  systemctl enable --now docker`;
}

function installLine(): string {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const families = [...release.matchAll(/^(?:ID|ID_LIKE)="?([^"\n]*)"?$/gm)].map((each) => each[1]);
  const words = families.join(' ').split(' ');
  if (words.includes('debian')) return 'apt-get install --no-install-recommends docker.io iptables';
  if (words.includes('fedora')) return 'dnf install moby-engine';
  if (words.includes('alpine')) return 'apk add docker';
  if (words.includes('arch')) return 'pacman -S docker';
  if (words.includes('suse')) return 'zypper install docker';
  return 'sh -c "install your distribution\'s Docker package"';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
