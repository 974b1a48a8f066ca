/**
 * Sees to it that a Docker engine answers on this machine.
 *
 * Order: an engine that answers is used as it is; one that is installed is started; on Debian and
 * its kin, as root, it is installed first. Anybody else is told exactly what to do. An engine that
 * DOCKER_HOST names is somebody's choice and is never started or replaced here.
 *
 * Only Node's own modules are used and any Node from 20 runs it: this happens before `npm install`.
 */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensurePackages, hasApt, run } from './apt-packages.mjs';
import { startDockerd } from './start-dockerd.mjs';
import { pingEngine } from './engine-api.mjs';

const SYSTEM_SOCKET = '/var/run/docker.sock';
const SERVICE_WAIT_MS = 60_000;
const POLL_MS = 250;

/**
 * @typedef {object} DockerState
 * @property {'running' | 'started' | 'installed-and-started' | 'missing'} state
 * @property {string | undefined} socket path of the unix socket that answers
 * @property {string} advice empty, or what the user is to do, ready to be printed
 */

/**
 * Finds, starts or installs a Docker engine. Never throws: what went wrong is in `advice`.
 *
 * @param {{ log?: (line: string) => void, dataDirectory?: string, install?: boolean }} [options]
 *   `dataDirectory` takes the log and the process id of an engine that is started by hand;
 *   `install: false` only looks and starts
 * @returns {Promise<DockerState>}
 */
export async function ensureDocker(options = {}) {
  const { log = () => {}, install = true } = options;
  const { dataDirectory = '/var/lib/lazaret-docker' } = options;
  try {
    const looked = await findEngine();
    if (looked.socket !== undefined) return answer('running', looked.socket);
    if (looked.advice !== undefined) return missing(looked.advice);
    if (process.getuid?.() !== 0) return missing(adviceForUser());
    const wasInstalled = isInstalled();
    if (!wasInstalled) {
      if (!install || !hasApt()) return missing(adviceForRoot());
      log(
        'There is no container engine here: installing docker.io with apt-get (a minute or two).',
      );
      await ensurePackages(['docker.io', 'iptables'], { log });
    }
    log('Starting the Docker engine.');
    const trouble = await startEngine({ log, dataDirectory });
    if (trouble !== undefined) return missing(trouble);
    return answer(wasInstalled ? 'started' : 'installed-and-started', SYSTEM_SOCKET);
  } catch (error) {
    return missing(`The Docker engine could not be brought up: ${error.message}`);
  }
}

function answer(state, socket) {
  return { state, socket, advice: '' };
}

function missing(advice) {
  return { state: 'missing', socket: undefined, advice };
}

/** The first engine that answers, or why it makes no sense to start one. */
async function findEngine() {
  const host = process.env.DOCKER_HOST ?? '';
  if (host !== '') return findNamedEngine(host);
  for (const socket of socketCandidates()) {
    const ping = await pingEngine(socket);
    if (ping.ok) return { socket };
    if (ping.code === 'EACCES' || ping.code === 'EPERM') {
      return {
        advice: `You may not use the Docker engine at ${socket}. Add yourself to its group, then \
sign in again:
  sudo usermod -aG docker "$USER"`,
      };
    }
  }
  return {};
}

async function findNamedEngine(host) {
  const [, socket] = /^unix:\/\/(\/.+)$/.exec(host) ?? [];
  if (socket === undefined) {
    return {
      advice: `DOCKER_HOST is ${host}, which is no unix socket. Unset it to use an engine of this \
machine; add remote engines as nodes.`,
    };
  }
  const ping = await pingEngine(socket);
  if (ping.ok) return { socket };
  return {
    advice: `DOCKER_HOST names ${socket}, where no engine answers (${ping.code}). Start it, or \
unset DOCKER_HOST.`,
  };
}

function socketCandidates() {
  const runtime = process.env.XDG_RUNTIME_DIR ?? '';
  return [
    SYSTEM_SOCKET,
    ...(runtime === '' ? [] : [join(runtime, 'docker.sock')]),
    join(homedir(), '.docker', 'run', 'docker.sock'),
    join(homedir(), '.docker', 'desktop', 'docker.sock'),
    '/run/podman/podman.sock',
    ...(runtime === '' ? [] : [join(runtime, 'podman', 'podman.sock')]),
  ];
}

function isInstalled() {
  const places = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/bin'];
  return places.some((place) => isProgram(join(place, 'dockerd')));
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Starts the installed engine; answers what is wrong when it does not come up. */
async function startEngine({ log, dataDirectory }) {
  if (!existsSync('/run/systemd/system')) return startDockerd({ log, dataDirectory });
  const failure = await run('systemctl', ['start', 'docker']).then(
    () => undefined,
    (error) => error.message,
  );
  if (await waitForEngine(SYSTEM_SOCKET, SERVICE_WAIT_MS)) return undefined;
  return `systemd did not bring up the Docker engine${failure === undefined ? '' : `: ${failure}`}
See why: journalctl -u docker -n 50`;
}

async function waitForEngine(socket, waitMs) {
  for (let waited = 0; waited < waitMs; waited += POLL_MS) {
    if ((await pingEngine(socket)).ok) return true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return false;
}

function adviceForUser() {
  if (process.platform !== 'linux') {
    return 'Jobs need a container engine. Install and start Docker Desktop, then start again.';
  }
  if (isInstalled()) {
    return `The Docker engine is installed but does not run. Start it, and let yourself use it:
  sudo systemctl start docker
  sudo usermod -aG docker "$USER"   # then sign in again`;
  }
  return `Jobs need a container engine. Install one, and let yourself use it:
  sudo ${installLine()}
  sudo usermod -aG docker "$USER"   # then sign in again`;
}

function adviceForRoot() {
  if (process.platform !== 'linux') return adviceForUser();
  return `Jobs need a container engine. Install and start one:
  ${installLine()}
  systemctl enable --now docker`;
}

function installLine() {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const kin = [...release.matchAll(/^(?:ID|ID_LIKE)="?([^"\n]*)"?$/gm)].map((each) => each[1]);
  const words = kin.join(' ').split(' ');
  if (words.includes('debian')) return 'apt-get install --no-install-recommends docker.io iptables';
  if (words.includes('fedora')) return 'dnf install moby-engine';
  if (words.includes('alpine')) return 'apk add docker';
  if (words.includes('arch')) return 'pacman -S docker';
  if (words.includes('suse')) return 'zypper install docker';
  return 'sh -c "install your distribution\'s Docker package"';
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const docker = await ensureDocker({ log: (line) => process.stderr.write(`${line}\n`) });
  process.stdout.write(`${JSON.stringify(docker, undefined, 2)}\n`);
  process.exitCode = docker.state === 'missing' ? 1 : 0;
}
