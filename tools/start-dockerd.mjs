/**
 * Starts the Docker engine by hand, where no service manager does it (containers, small virtual
 * machines). Needs root.
 *
 * Each round clears what an earlier engine left behind, starts dockerd detached and waits for its
 * answer. When it ends instead, its log is matched against FALLBACKS; every cure is tried once, in
 * addition to those before it, until none is left.
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
import { basename, join } from 'node:path';
import { run } from './apt-packages.mjs';
import { pingEngine } from './engine-api.mjs';

const DEFAULTS = {
  socket: '/var/run/docker.sock',
  execRoot: '/var/run/docker',
  parameters: [], // of dockerd, before those of the fallbacks
  waitMs: 60_000,
};
const POLL_MS = 200;
const TOLD_LINES = 12;
const LEGACY_IPTABLES = '/usr/sbin/iptables-legacy';

/**
 * What dockerd's log says when it cannot start, and what helps.
 *
 * @type {{ name: string, when: RegExp, why: string, parameters?: string[],
 *   cure?: (context: { dataDirectory: string, environment: Record<string, string> }) =>
 *     Promise<void> | void }[]}
 */
export const FALLBACKS = [
  {
    name: 'cgroups',
    when: /cgroup isn't mounted|cgroup mountpoint does not exist|cgroups?: .*not mounted/i,
    why: 'control groups are not mounted: mounting them',
    cure: mountControlGroups,
  },
  {
    name: 'iptables-legacy',
    when: /iptables|nf_tables|nftables/i,
    why: 'the firewall tool of this system fails: using iptables-legacy',
    cure: preferLegacyIptables,
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
    why: 'the file system carries no overlay: using the slow vfs storage driver',
    parameters: ['--storage-driver=vfs'],
  },
  {
    name: 'containerd',
    when: /containerd/i,
    why: 'a containerd of an earlier engine is in the way: ending it',
  },
];

/**
 * Starts dockerd and waits until it answers.
 *
 * @param {{ log?: (line: string) => void, dataDirectory: string, socket?: string,
 *   execRoot?: string, parameters?: string[], waitMs?: number }} options `dataDirectory` takes
 *   dockerd.log and dockerd.pid; `waitMs` bounds the wait for each start
 * @returns {Promise<string | undefined>} undefined when it answers; otherwise what is wrong
 */
export async function startDockerd(options) {
  const { log = () => {}, dataDirectory } = options;
  const engine = { ...DEFAULTS, ...options };
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  const place = {
    logFile: join(dataDirectory, 'dockerd.log'),
    pidFile: join(dataDirectory, 'dockerd.pid'),
  };
  const environment = { PATH: `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin` };
  const parameters = [...engine.parameters];
  const untried = new Set(FALLBACKS);
  for (;;) {
    const stranger = await clearLeftovers({ ...engine, ...place, log });
    if (stranger !== undefined) return stranger;
    const ended = await startOnce({ ...engine, ...place, parameters, environment });
    if (ended === undefined) return undefined;
    const fallback = [...untried].find((each) => each.when.test(ended));
    if (fallback === undefined) {
      return `dockerd did not come up. The end of ${place.logFile}:\n${lastLines(ended)}`;
    }
    untried.delete(fallback);
    log(`dockerd ended; ${fallback.why}.`);
    parameters.push(...(fallback.parameters ?? []));
    await fallback.cure?.({ dataDirectory, environment });
  }
}

/** One start. Answers undefined when the engine answers, its log when it ended or hung. */
async function startOnce({ socket, execRoot, logFile, pidFile, parameters, environment, waitMs }) {
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
  dockerd.on('error', () => (ended = true));
  dockerd.on('exit', () => (ended = true));
  for (let waited = 0; waited < waitMs && !ended; waited += POLL_MS) {
    if ((await pingEngine(socket)).ok) {
      dockerd.unref();
      return undefined;
    }
    await pause(POLL_MS);
  }
  if (!ended) dockerd.kill('SIGKILL');
  return readFileSync(logFile, 'utf8');
}

/**
 * Removes what a dead engine left: process id files that name no dockerd, sockets, a containerd
 * without its dockerd. A dockerd of our own that no longer answers is killed; another's is told.
 */
async function clearLeftovers({ socket, execRoot, pidFile, log }) {
  const own = readPid(pidFile);
  if (own !== undefined && isProgram(own, 'dockerd')) {
    log(`Ending dockerd ${own}, which no longer answers.`);
    await killAndWait(own);
  }
  const systemPidFile = `${execRoot}.pid`;
  const other = readPid(systemPidFile);
  if (other !== undefined && isProgram(other, 'dockerd')) {
    return `dockerd runs as process ${other} but does not answer on ${socket}. Look at its log; \
end it (kill ${other}) and start again.`;
  }
  for (const file of [pidFile, systemPidFile]) rmSync(file, { force: true });
  const configuration = join(execRoot, 'containerd', 'containerd.toml');
  for (const pid of processIds()) {
    if (!isProgram(pid, 'containerd') || !commandLine(pid).includes(configuration)) continue;
    log(`Ending containerd ${pid}, whose engine is gone.`);
    await killAndWait(pid);
  }
  rmSync(join(execRoot, 'containerd', 'containerd.pid'), { force: true });
  return undefined;
}

function readPid(file) {
  if (!existsSync(file)) return undefined;
  const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}

/** Process ids are used again: only the program's name says that it is still the same one. */
function isProgram(pid, name) {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`)).replace(' (deleted)', '') === name;
  } catch {
    return false; // it has ended
  }
}

function commandLine(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function processIds() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

async function killAndWait(pid) {
  process.kill(pid, 'SIGKILL');
  for (let round = 0; round < 50 && existsSync(`/proc/${pid}/exe`); round += 1) await pause(100);
}

/** Puts iptables-legacy before iptables for dockerd alone; the system's choice stays as it is. */
function preferLegacyIptables({ dataDirectory, environment }) {
  if (!existsSync(LEGACY_IPTABLES)) return;
  const place = join(dataDirectory, 'bin');
  mkdirSync(place, { recursive: true });
  for (const name of ['iptables', 'ip6tables']) {
    rmSync(join(place, name), { force: true });
    symlinkSync(LEGACY_IPTABLES.replace('iptables', name), join(place, name));
  }
  environment.PATH = `${place}:${environment.PATH}`;
}

async function mountControlGroups() {
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
  // an older kernel, or one that has given its controllers to version 1
  await run('umount', [place]).catch(() => {}); // it was not mounted in the first place
  await run('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'none', place]);
  for (const [name] of lines.map((line) => line.split('\t'))) {
    mkdirSync(join(place, name), { recursive: true });
    await run('mount', ['-t', 'cgroup', '-o', name, 'none', join(place, name)]);
  }
}

function lastLines(text) {
  return text.trim().split('\n').slice(-TOLD_LINES).join('\n');
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
